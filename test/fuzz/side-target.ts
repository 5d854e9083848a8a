import assert from 'node:assert/strict';
import type { Accept, Codec, Frame, Link, Message, Receiver, Transport } from '../../src/contract/contract.js';
import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
  standardTypes,
} from '../../src/index.js';
import { callOf, survives, travelled } from '../../src/testing/codec-probe.js';
import type { Random } from '../../src/testing/random.js';
import { inTime } from './checks.js';
import { codecOf, type Target } from './codec-target.js';
import { anyFrame } from './frames.js';

type Visit = (who: string) => Promise<string> | string;

/** The side that is attacked: it has something of everything that a frame can reach. */
class Attacked extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true, params: ['value'], allowPositionalArgs: true })
  echo(_sender: Sender, _value?: unknown): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming({ hasReply: true }) visit(_sender: Sender, _args: { each: Visit }): Reply<string> {}
  @incoming({ hasReply: true }) sum(_sender: Sender, _args: { numbers: AsyncIterable<number> }): Reply<number> {}
  @incoming({ hasReply: true }) climb(_sender: Sender, _args: { to: number }): Reply<string, number> {}
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<null> {}
  @outgoing({ hasReply: true }) name(_to: Receivers): Reply<string, string> {}
  @outgoing({ stream: true }) letters(_to: Receivers): Stream<string> {}
  @outgoing told(_to: Receivers, _args: object): void {}
}

/** A link whose far end is the test. Everything that the side sends must be readable. */
class FarEnd implements Link {
  readonly buffered = 0;
  receiver!: Receiver;
  isOver = false;
  messages: Message[] = [];

  constructor(
    readonly peer: string,
    private readonly codec: Codec,
    traits: Partial<Link>,
  ) {
    Object.assign(this, traits);
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) this.messages.push(...survives(this.codec, travelled(frame), true));
  }
  pause(): void {}
  resume(): void {}
  close(reason?: Error): void {
    queueMicrotask(() => this.end(reason));
  }
  end(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.receiver.closed(reason);
  }
  /** A receiver never throws, whatever comes. */
  bring(frame: Frame): void {
    if (!this.isOver) inTime(() => this.receiver.receive(travelled(frame)));
  }
}

class FarTransport implements Transport {
  readonly address = 'far:';
  private accept!: Accept;
  private readonly links = new Set<FarEnd>();

  async open(accept: Accept): Promise<void> {
    this.accept = accept;
  }
  async close(): Promise<void> {
    for (const link of this.links) link.end();
  }
  add(link: FarEnd): FarEnd {
    this.links.add(link);
    link.receiver = this.accept(link);
    return link;
  }
  drop(link: FarEnd): void {
    link.end();
    this.links.delete(link);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const silent = { warn() {}, error() {} };

/** Mutated frames on one link after the other, beside a good link, whose calls are answered all the time. */
export async function sideTarget(name: string, options: Options = {}): Promise<Target> {
  const codec = codecOf(name);
  const transport = new FarTransport();
  const side = await serveAttacked(transport, { codec: name, logger: silent, ...options });
  const good = transport.add(new FarEnd('good', codec, {}));
  let count = 0;

  async function checkGood(): Promise<void> {
    const id = (count++ % 1_000) + 1;
    good.messages = [];
    good.bring(codec.encode(callOf({ id, method: 'add', named: true, args: [{ a: 40, b: 2 }] })));
    const answered = (): boolean =>
      good.messages.some(
        (message) => message.kind === 'reply' && String(message.id) === String(id) && message.value === 42,
      );
    await settles('a good call on another link is answered', answered);
  }

  return {
    name: `side of ${name}${Object.keys(options).map((option) => ` with ${option}`)}`,
    async next(random) {
      const link = transport.add(new FarEnd(`evil-${count}`, codec, traitsOf(random)));
      if (random.next() < 0.3) outgoingCalls(side, link.peer, random);
      const frames = random.int(5, 40);
      for (let frame = 0; frame < frames && !link.isOver; frame++) {
        link.bring(anyFrame(codec, random));
        if (random.next() < 0.2) await turn();
      }
      await checkGood();
      if (random.next() < 0.3) link.receiver.inputEnded?.();
      transport.drop(link);
      await settles('nothing is left of a peer that is gone', () => leftOf(side) === '');
      return frames;
    },
    close: () => side.close(),
  };
}

function traitsOf(random: Random): Partial<Link> {
  return {
    ...(random.next() < 0.3 && { dialed: true }),
    ...(random.next() < 0.3 && { agreed: random.next() < 0.7 }),
    ...(random.next() < 0.3 && { packets: true }),
  };
}

/** What the side still has for peers that are gone. */
function leftOf(side: Side<Attacked>): string {
  const { peers, pendingCalls, activeCalls, queuedCalls, streams, references, bufferedBytes } = side.stats();
  const left = { peers: peers - 1, pendingCalls, activeCalls, queuedCalls, streams, references, bufferedBytes };
  return Object.entries(left)
    .filter(([, number]) => number !== 0)
    .map(([what, number]) => `${number} ${what}`)
    .join(', ');
}

async function settles(what: string, holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 50; turns++) {
    if (holds()) return;
    await turn();
  }
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Calls of this side to the peer, which answers what it likes. */
function outgoingCalls(side: Side<Attacked>, id: string, random: Random): void {
  const peer = side.peers.get(id);
  if (peer === undefined) return;
  const ignore = (): void => {};
  for (let calls = random.int(1, 3); calls > 0; calls--) {
    if (random.next() < 0.5) side.name(peer).catch(ignore);
    else void drain(side.letters(peer)).catch(ignore);
  }
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of items);
}

async function serveAttacked(transport: Transport, options: Options): Promise<Side<Attacked>> {
  const side = await Attacked.serve(() => transport, { types: [standardTypes], ignoreUnhandled: true, ...options });
  side.add.connect((_sender, { a, b }) => a + b);
  side.echo.connect((_sender, value) => value);
  side.tell.connect((sender, args) => side.told(sender, args));
  side.count.connect(function* (_sender, { to }) {
    for (let n = 1; n <= Math.min(to, 20); n++) yield n;
  });
  side.visit.connect((_sender, { each }) => each('ann'));
  side.sum.connect(async (_sender, { numbers }) => {
    let sum = 0;
    for await (const n of numbers) sum += n;
    return sum;
  });
  side.climb.connect((sender, { to }) => {
    for (let step = 1; step <= Math.min(to, 20); step++) sender.progress(step);
    return 'at the top';
  });
  side.wait.connect(
    ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  return side;
}
