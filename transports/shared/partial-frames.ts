import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import type { Memory } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';

/** Partial frames up to this size, in bytes, are not counted. */
const COUNTED = 4 * 1024;
/** Above this size, in bytes, a partial frame must grow. */
const LARGE = 64 * 1024;
/** The minimum growth in bytes per second, averaged over a period in milliseconds. */
const PACE = 16 * 1024;
const SPAN_MS = 30_000;

/** A link that may hold a part of a frame. */
export interface PartialHolder {
  readonly peer: string;
  /** Whether this side has stopped reading: then the frame cannot grow. */
  readonly isPaused: boolean;
  /** Ends the link immediately. */
  cut(reason: ProtocolError): void;
}

interface Partial {
  bytes: number;
  /** The bytes received since the start of the present period, and that start. */
  came: number;
  since: number;
}

/**
 * The partial frames of the links of one transport: they count for the whole side, and large ones must grow. A link
 * whose frames are complete costs nothing here, and a timer runs only while there is a large partial frame.
 */
export class PartialFrames {
  private readonly held = new Map<PartialHolder, Partial>();
  private timer: Timer | undefined;

  /** `memory`: the shared memory limit of the side. */
  constructor(readonly memory: Memory) {}

  /**
   * A link has read `came` bytes, and its partial frame now takes so many bytes (`Framing.held`). The link, or another
   * one, may be closed within this call.
   */
  update(holder: PartialHolder, bytes = 0, came: number): void {
    if (bytes <= COUNTED && this.held.size === 0) return;
    const partial = this.held.get(holder);
    if (bytes <= COUNTED) {
      if (partial !== undefined) this.drop(holder);
      return;
    }
    const more = bytes - (partial?.bytes ?? 0);
    if (more > 0 && !this.makeRoom(holder, bytes, more)) return;
    if (more < 0) this.memory.release(-more);
    if (partial === undefined) this.held.set(holder, { bytes, came: 0, since: time() });
    else {
      // A smaller size means another frame.
      if (more < 0) this.begin(partial);
      else partial.came += came;
      partial.bytes = bytes;
    }
    if (bytes > LARGE) this.watch();
  }

  /** A link has completed its frame, or has ended. */
  drop(holder: PartialHolder): void {
    const partial = this.held.get(holder);
    if (partial === undefined) return;
    this.held.delete(holder);
    this.memory.release(partial.bytes);
    if (this.held.size > 0) return;
    clearTimer(this.timer);
    this.timer = undefined;
  }

  /** If the side has no room, the link with the largest partial frame is closed. False if that is this link. */
  private makeRoom(holder: PartialHolder, bytes: number, more: number): boolean {
    while (!this.memory.reserve(more)) {
      let most = holder;
      let largest = bytes;
      for (const [other, partial] of this.held) {
        if (partial.bytes > largest) [most, largest] = [other, partial.bytes];
      }
      this.drop(most);
      const text = `busy: the partial frames of all peers take too much memory, and that of ${most.peer} takes the most, ${largest} bytes (limits.totalBytes)`;
      most.cut(new ProtocolError(text, Code.Busy));
      if (most === holder) return false;
    }
    return true;
  }

  private watch(): void {
    this.timer ??= setTimer(SPAN_MS / 2, () => this.look()).unref();
  }

  private look(): void {
    this.timer = undefined;
    const now = time();
    for (const [holder, partial] of this.held) {
      if (partial.bytes <= LARGE) continue;
      if (holder.isPaused) this.begin(partial);
      else if (now - partial.since >= SPAN_MS) {
        if (partial.came * 1_000 < PACE * (now - partial.since)) {
          this.drop(holder);
          const text = `${holder.peer} began a frame, and in ${Math.round((now - partial.since) / 1_000)} s only ${partial.came} more bytes of it arrived: above ${LARGE} bytes a frame must grow by ${PACE} bytes per second`;
          holder.cut(new ProtocolError(text));
          continue;
        }
        this.begin(partial);
      }
      this.watch();
    }
  }

  private begin(partial: Partial): void {
    partial.came = 0;
    partial.since = time();
  }
}
