import { endpointOf } from '../../src/api/side-class.js';
import type { Frame, Link, Receiver as LinkReceiver, SecurityInfo } from '../../src/contract/contract.js';
import { ACK } from '../../src/extensions/resume/journal-session.js';
import { SessionJournal } from '../../src/extensions/resume/session-journal.js';
import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { Connection } from '../../src/session/connection.js';
import type { RpcSession } from '../../src/session/rpc-session.js';
import { coreControls } from '../../src/session/system/core-notifications.js';
import type { Random } from '../../src/testing/random.js';

export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number; text: string }): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @incoming note(_sender: Sender, _args: { n: number; text: string }): void {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number; text: string }): Reply<number> {}
  @outgoing told(_receivers: Receivers, _args: { n: number; text: string }): void {}
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One end of a link that carries what the test lets it. */
class End {
  readonly frames: Frame[] = [];
  receiver: LinkReceiver | undefined;
  ended = false;

  constructor(
    readonly way: Way,
    readonly at: 0 | 1,
  ) {}

  get link(): Link {
    return {
      peer: `end ${1 - this.at}`,
      buffered: 0,
      packets: true,
      agreed: true,
      dialed: this.at === 0,
      send: (frames) => void (this.way.up && this.way.ends[1 - this.at]?.frames.push(...frames)),
      pause: () => {},
      resume: () => {},
      close: (reason) => this.close(reason),
    };
  }

  deliver(): void {
    const frame = this.frames.shift();
    if (frame !== undefined && !this.ended) this.receiver?.receive(frame);
  }

  close(reason?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.way.up = false;
    this.receiver?.closed(reason);
  }
}

class Way {
  up = true;
  readonly ends: readonly [End, End] = [new End(this, 0), new End(this, 1)];

  /** Some of what is on its way still arrives; which end learns of the cut first is left to the test. */
  cut(random: Random): void {
    this.up = false;
    for (const { frames } of this.ends) frames.length = random.int(0, frames.length);
  }
}

/** A security that refuses what does not come in exactly the order in which it was sealed, within one connection or across several. */
export function inOrder(later: boolean): object {
  let sealed = 0;
  let opened = 0;
  const wait = async <T>(value: T): Promise<T> => {
    for (let n = (sealed * 7) % 4; n > 0; n--) await turn();
    return value;
  };
  return {
    seal: (frame: Frame) => {
      const result = { info: { n: ++sealed }, payload: frame };
      return later ? wait(result) : result;
    },
    open: (frame: Frame, info: SecurityInfo) => {
      const { n } = info as { n: number };
      if (n <= opened) throw new Error(`the message ${n} comes after ${opened}`);
      opened = n;
      return later ? wait(frame) : frame;
    },
  };
}

export interface Setting {
  readonly codec: string;
  readonly security?: () => object;
  readonly window: number;
}

const serve = (transport: () => object, options: object) => Desk.serve(transport as never, options);
const connect = (transport: () => object, options: object) => Desk.invert().connect(transport as never, options);
type Far = Awaited<ReturnType<typeof serve>>;
type Near = Awaited<ReturnType<typeof connect>>;

/** Two sides with a session each that has a journal. The links between them end, and bring on what they are told to. */
export class Sides {
  way: Way = new Way();
  readonly journals: SessionJournal[] = [];
  readonly disconnected: string[] = [];
  readonly problems: unknown[] = [];

  private constructor(
    readonly near: Near,
    readonly far: Far,
  ) {}

  static async open({ codec, security, window }: Setting, body: (sides: Sides) => void): Promise<Sides> {
    let way: Way | undefined;
    const transport = (at: 0 | 1) => () => ({
      address: 'test',
      open: async (accept: (link: Link) => LinkReceiver) => {
        way ??= new Way();
        const end = way.ends[at];
        end.receiver = accept(end.link);
      },
      close: async () => {},
    });
    const options = () => ({ codec, logger: null, concurrency: 1_000, ...(security && { security: security() }) });
    const far = await serve(transport(1), options());
    const near = await connect(transport(0), options());
    const sides = new Sides(near, far);
    body(sides);
    sides.way = way as unknown as Way;
    for (const side of [near, far]) {
      const endpoint = endpointOf(side);
      Object.assign(endpoint, { controls: { ...coreControls, [ACK]: acknowledged } });
      side.on('disconnect', ({ id }) => void sides.disconnected.push(id));
    }
    for (let n = 0; n < 20; n++) {
      sides.deliverAll();
      await turn();
    }
    for (const side of [near, far]) {
      const session = endpointOf(side).peerRegistry.allSessions()[0] as RpcSession;
      sides.journals.push(
        new SessionJournal(session, window, window, { away: () => {}, waits: () => {}, ended: () => {}, again: true }),
      );
    }
    return sides;
  }

  get sessions(): RpcSession[] {
    return this.journals.map(({ session }) => session as RpcSession);
  }

  deliverAll(): boolean {
    let moved = false;
    for (const end of this.way.ends)
      while (end.frames.length > 0) {
        moved = true;
        end.deliver();
      }
    return moved;
  }

  /** Another link: both ends have said how far they are, and go on. */
  resume(): void {
    const way = new Way();
    this.way = way;
    const said = this.journals.map(({ numbers: { got, sent } }) => ({ got, sent }));
    for (const at of [0, 1] as const) {
      const end = way.ends[at];
      const endpoint = endpointOf([this.near, this.far][at] as object);
      const connection = new Connection(end.link, endpoint);
      connection.filter = endpoint.attached.frames?.filterFor(connection);
      end.receiver = connection;
      this.journals[at]?.resume(connection, said[1 - at] as { got: number; sent: number });
    }
  }

  /** Everything that is under way arrives, and everything comes to rest. */
  async settle(): Promise<void> {
    if (!this.way.up) this.resume();
    for (let quiet = 0, turns = 0; quiet < 300; turns++) {
      if (turns > 20_000) throw new Error('it does not come to rest');
      quiet = this.deliverAll() ? 0 : quiet + 1;
      await turn();
    }
  }
}

function acknowledged(connection: Connection, [got, sent]: readonly unknown[]): void {
  const { journal } = connection.sink as RpcSession;
  (journal as SessionJournal).acknowledged({ got: got as number, sent: sent as number });
}
