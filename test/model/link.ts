import type { Random } from '../../src/testing/random.js';
import { other, SIDES, type Side } from './promises.js';

/**
 * A link whose deliveries and end are steps of a schedule. It keeps order and wholeness, until it does not. An end uses
 * it as long as it has not noticed that.
 */
export class PlayedLink<Packet> {
  /** On its way to an end. */
  readonly on: Record<Side, Packet[]> = { client: [], server: [] };
  readonly open: Record<Side, boolean> = { client: true, server: true };
  isUp = true;
  /** Nothing arrives any more, and nobody is told. */
  isSilent = false;

  send(from: Side, packet: Packet): void {
    if (this.isUp && !this.isSilent && this.open[other(from)]) this.on[other(from)].push(packet);
  }

  /** One end closes it. What that end has sent may still arrive. */
  close(side: Side): void {
    this.open[side] = false;
    this.isUp = false;
    this.on[side] = [];
  }

  /** From some packet on nothing arrives. Either both ends are told in time, or nobody is. */
  cut(random: Random): void {
    for (const side of SIDES) this.on[side].length = random.int(0, this.on[side].length);
    if (random.next() < 0.5) this.isUp = false;
    else this.isSilent = true;
  }
}
