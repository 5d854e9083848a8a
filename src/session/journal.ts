import type { Frame } from '../contract/contract.js';

/**
 * What lets a session go on over another connection: it numbers and keeps what is sent until the peer has it. The core asks it these
 * four questions; a session without one ends with its connection.
 */
export interface Journal {
  /** Whether so many bytes more may be given to the connection; otherwise they wait in the send queue until `Session.flush`. */
  admits(bytes: number): boolean;
  /** These messages leave now, plain, and have their numbers: one for each. */
  given(messages: readonly Frame[]): void;
  /** One more message has come, also one that could not be read; not those of the connection itself, such as `rpc.hello`. */
  came(bytes: number): void;
  /** The connection has ended. Returns false if the session ends too. */
  lost(reason: Error | undefined): boolean;
}
