import { printable } from '../../../src/base/quote.js';
import { time } from '../../../src/base/time.js';
import type { Frame, FramingFactory, Wire } from '../../../src/contract/contract.js';

/** The maximum size of UDP over IPv4: 65,535 bytes without the headers of IP and UDP. */
const DATAGRAM_BYTES = 65_507;
/** The minimum interval, in milliseconds, between reports of unreadable datagrams: anybody can send them. */
const REPORT_MS = 10_000;

/**
 * Makes datagrams of frames and frames of datagrams. A datagram holds complete frames and is independent of the others.
 */
export class Datagrams {
  /** The largest frame that fits into a datagram, in bytes. */
  readonly maxFrame: number;
  /** The number of bytes that the framing adds to one frame. */
  readonly overhead: number;
  private readonly wire: Wire;
  private readonly framing: FramingFactory;
  private readonly limit: number;
  private dropped = 0;
  private reported = Number.NEGATIVE_INFINITY;

  constructor(framing: FramingFactory, wire: Wire) {
    this.wire = wire;
    this.framing = framing;
    this.limit = Math.min(wire.limits.frameBytes, DATAGRAM_BYTES);
    // A large frame, because a header with a size grows with it.
    const probe = wire.form === 'text' ? 'x'.repeat(60_000) : new Uint8Array(60_000);
    this.overhead = this.together([probe]).length - probe.length;
    this.maxFrame = DATAGRAM_BYTES - this.overhead;
  }

  /**
   * The frames as datagrams: one for each frame, but with a security one for all, so that a message stays with its
   * header.
   */
  pack(frames: readonly Frame[]): Uint8Array[] {
    if (this.wire.sealed) return frames.length === 0 ? [] : [this.together(frames)];
    return frames.map((frame) => this.together([frame]));
  }

  /** The frames as one datagram. */
  together(frames: readonly Frame[]): Uint8Array {
    const data = this.framing(this.wire.form as 'text' | 'bytes', DATAGRAM_BYTES).wrap(frames);
    return typeof data === 'string' ? Buffer.from(data) : data;
  }

  /**
   * The frames of a datagram: all of them, or none if a part is unreadable. Anyone who can reach the port can send such
   * a datagram, so it ends nothing and gets no reply, and only some of them are reported.
   */
  read(datagram: Uint8Array, from: string): Frame[] {
    const frames: Frame[] = [];
    const give = (frame: Frame): void => {
      frames.push(frame);
    };
    try {
      const framing = this.framing(this.wire.form as 'text' | 'bytes', this.limit);
      framing.push(datagram, give);
      framing.end(give);
      return frames;
    } catch (error) {
      this.drop(`a datagram of ${from} cannot be read`, error);
      return [];
    }
  }

  /** Reports that a datagram was dropped, unless another one was reported a moment ago. */
  drop(what: string, error?: unknown): void {
    this.dropped++;
    const now = time();
    if (now - this.reported < REPORT_MS) return;
    const others = this.dropped > 1 ? `, and ${this.dropped - 1} others were dropped since the last report` : '';
    this.wire.logger.warn(`udp: ${what}${others}`, ...(error === undefined ? [] : [printable(String(error))]));
    this.reported = now;
    this.dropped = 0;
  }
}
