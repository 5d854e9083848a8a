import type { Frame } from '../contract/contract.js';
import type { Connection } from '../session/connection.js';
import type { FrameMemory } from '../session/receiving/frame-memory.js';

/** From so many bytes on that wait for gates, a peer is not read. */
const MOST_BYTES = 64 * 1024;
/** What a message that waits costs besides, in bytes. */
const MESSAGE_BYTES = 64;

/** What a peer sends while it is being admitted: it counts for the side, and from a bound on the peer is not read. */
export class AdmissionLoad {
  private bytes = 0;
  private isPaused = false;
  private readonly weights: FrameMemory[] = [];

  constructor(private readonly connection: Connection) {}

  /** Another message waits. Returns how many bytes that are in all. The connection may end within this call. */
  add(): number {
    const { connection, weights } = this;
    const { weight } = connection;
    const bytes = connection.claim() + MESSAGE_BYTES;
    this.bytes += bytes;
    if (weight !== undefined && weight !== weights.at(-1)) {
      weights.push(weight);
      weight.retain();
    }
    connection.load.add(bytes);
    return this.bytes;
  }

  /** Reads no further for now, if that are too many bytes. */
  bound(): void {
    if (this.bytes <= MOST_BYTES || this.isPaused) return;
    this.isPaused = true;
    this.connection.pauseReading();
  }

  /** What waits counts for the session from now on. */
  give(): void {
    for (const weight of this.weights.splice(0)) weight.release();
    this.connection.load.subtract(this.bytes);
  }

  /** Reads on. */
  resume(): void {
    if (this.isPaused) this.connection.resumeReading();
  }
}

/** Sends frames, and counts them. */
export function writeAll(connection: Connection, frames: readonly Frame[]): void {
  const bytes = frames.reduce((sum, { length }) => sum + length, 0);
  connection.write(frames, bytes);
}
