import type { Accept, Frame, Link, Receiver, Transport, TransportMaker } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { Random } from '../../src/testing/random.js';
import { PlayedLink } from './link.js';
import { SIDES, type Side } from './promises.js';
import type { Step } from './scheduler.js';

/** One end of a played link, as the implementation sees it. */
class LinkEnd implements Link {
  readonly buffered = 0;
  readonly dialed: boolean;
  receiver!: Receiver;
  isPaused = false;
  private isOver = false;

  constructor(
    readonly peer: string,
    readonly side: Side,
    private readonly way: PlayedLink<Frame>,
  ) {
    this.dialed = side === 'client';
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) this.way.send(this.side, frame);
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

  private dial(accept: Accept): LinkEnd {
    const name = `link-${++this.dials}`;
    const way = new PlayedLink<Frame>();
    const ends = { client: new LinkEnd(name, 'client', way), server: new LinkEnd(name, 'server', way) };
    this.links.push({ way, ends });
    ends.client.receiver = accept(ends.client);
    if (this.accept === undefined) throw new Error('the server does not listen');
    ends.server.receiver = this.accept(ends.server);
    return ends.client;
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
          if (!end.isPaused) yield [way.isUp ? 10 : 2, () => end.receiver.receive(way.on[side].shift() as Frame)];
        } else if (!way.isUp) yield [3, () => end.end(new ConnectionLost('the link was cut'))];
        // No sign of life: who has no heartbeat would never notice.
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
