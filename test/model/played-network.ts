import type {
  Accept,
  Frame,
  Link,
  LinkInfo,
  Receiver,
  Transport,
  TransportMaker,
} from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { TlsInfo } from '../../src/contract/link-info.js';
import type { Random } from '../../src/testing/random.js';
import { PlayedLink } from './link.js';
import { SIDES, type Side } from './promises.js';
import type { Step } from './scheduler.js';

/** Who has dialed a link, as the certificate says it to the side that listens. */
export type Dialer = 'client' | 'thief';

/** One end of a played link, as the implementation sees it. */
class LinkEnd implements Link {
  readonly buffered = 0;
  readonly dialed: boolean;
  readonly info: LinkInfo;
  receiver!: Receiver;
  isPaused = false;
  /** Something has come. */
  hasHeard = false;
  private isOver = false;

  constructor(
    readonly peer: string,
    readonly side: Side,
    private readonly way: PlayedLink<Frame>,
    by: Dialer,
    private readonly sent: (frame: Frame) => void = () => {},
  ) {
    this.dialed = side === 'client';
    this.info = { tls: { certificate: { fingerprint256: by } } as object as TlsInfo };
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) {
      this.sent(frame);
      this.way.send(this.side, frame);
    }
  }
  receive(): void {
    const frame = this.way.on[this.side].shift() as Frame;
    this.hasHeard = true;
    this.receiver.receive(frame);
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(reason?: Error): void {
    queueMicrotask(() => this.end(reason));
  }
  end(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.way.close(this.side);
    this.receiver.closed(reason);
  }
}

/** The receiver of who only sends. */
const deaf: Receiver = { receive() {}, drained() {}, closed() {} };

interface Played {
  readonly way: PlayedLink<Frame>;
  readonly ends: Readonly<Record<Side, LinkEnd>>;
}

/**
 * A network whose deliveries, cuts and ends are steps of a schedule, for sides of the implementation: one that listens,
 * and any that dial.
 */
export class PlayedNetwork {
  private links: Played[] = [];
  /** It cannot be dialed. */
  isDown = false;
  /** The last hello of the client that names a session: somebody may have read it. */
  overheard: string | undefined;
  private accept: Accept | undefined;
  private dials = 0;

  /** For the side that listens. */
  readonly listening: TransportMaker = (): Transport => ({
    address: 'played:',
    open: async (accept) => {
      this.accept = accept;
    },
    close: async () => this.endAll('server'),
  });

  /** For a side that dials: a link for each time that it is opened. */
  readonly dialing: TransportMaker = (): Transport => {
    let end: LinkEnd | undefined;
    return {
      address: 'played:',
      open: async (accept) => {
        end = this.dial(accept);
      },
      close: async () => end?.end(),
    };
  };

  /** The links that are up, as far as the client knows. */
  get live(): number {
    return this.links.filter(({ way }) => way.open.client).length;
  }

  /** Whether there is one link, and nothing is under way. */
  get isQuiet(): boolean {
    const [one, ...others] = this.links;
    return one?.way.isUp === true && others.length === 0 && SIDES.every((side) => one.way.on[side].length === 0);
  }

  private dial(accept: Accept): LinkEnd {
    if (this.isDown) throw new ConnectionLost('the network is down');
    const played = this.lay('client', (frame) => {
      if (/"rpc.hello".*"token"/.test(String(frame))) this.overheard = String(frame);
    });
    played.ends.client.receiver = accept(played.ends.client);
    this.visit(played);
    return played.ends.client;
  }

  private lay(by: Dialer, sent?: (frame: Frame) => void): Played {
    const name = `${by} ${++this.dials}`;
    const way = new PlayedLink<Frame>();
    const ends = { client: new LinkEnd(name, 'client', way, by, sent), server: new LinkEnd(name, 'server', way, by) };
    return { way, ends };
  }

  private visit(played: Played): void {
    if (this.accept === undefined) throw new Error('the server does not listen');
    this.links.push(played);
    played.ends.server.receiver = this.accept(played.ends.server);
  }

  /** Somebody else dials, sends these frames and leaves. */
  steal(frames: readonly string[]): void {
    const played = this.lay('thief');
    played.ends.client.receiver = deaf;
    this.visit(played);
    played.ends.client.send(frames);
    played.ends.client.end();
  }

  /** Whether the client waits for an answer over a link that brings none. */
  get isAskingInVain(): boolean {
    return this.links.some(({ way, ends }) => way.open.client && way.isSilent && !ends.client.hasHeard);
  }

  /** The side that listens is gone, and with it its ends of all links. */
  crash(): void {
    this.accept = undefined;
    for (const { ends } of this.links) ends.server.end(new ConnectionLost('the process has ended'));
  }

  /** What is under way arrives, or so many frames of it. Returns how many. */
  deliver(most: number = Number.POSITIVE_INFINITY): number {
    let count = 0;
    for (const { way, ends } of this.links)
      for (const side of SIDES) for (; way.on[side].length > 0 && count < most; count++) ends[side].receive();
    return count;
  }

  private endAll(side: Side): void {
    for (const { ends } of this.links) ends[side].end();
  }

  /** What arrives, and what ends. */
  *steps(): Generator<Step> {
    this.links = this.links.filter(({ way: { open } }) => open.client || open.server);
    for (const { way, ends } of this.links)
      for (const side of SIDES) {
        if (!way.open[side]) continue;
        const end = ends[side];
        if (way.on[side].length > 0) {
          if (!end.isPaused) yield [way.isUp ? 10 : 2, () => end.receive()];
        } else if (!way.isUp) yield [3, () => end.end(new ConnectionLost('the link was cut'))];
        // No sign of life: by the heartbeat, or by `keepAlive`.
        else if (way.isSilent) yield [1, () => end.end(new ConnectionLost('nothing was heard'))];
      }
  }

  /** The faults. */
  *faults(random: Random): Generator<Step> {
    for (const { way, ends } of this.links) {
      if (way.isUp && !way.isSilent) yield [0.4, () => way.cut(random)];
      for (const side of SIDES)
        if (way.isUp && way.open[side]) yield [0.1, () => ends[side].end(new ConnectionLost('the link was cut'))];
    }
  }
}
