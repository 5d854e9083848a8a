import type { Id } from '../contract/contract.js';

/** Whom a report is about. */
export interface Reported {
  readonly id: string;
  /** Of a peer with a brief link, whose reports have one bound for all of them. */
  readonly session?: { readonly link: { readonly brief?: boolean } };
}

/** Writes reports, as many as the logger can bear. */
export interface ReportWriter {
  /** Something that concerns a peer, or what a peer has caused; `what` is printable, `detail` is made so. */
  write(level: 'warn' | 'error', peer: Reported | undefined, what: string, detail: unknown): void;
  /** What is wrong with something that a peer has sent; `id` is that of the message, `method` its method where it is known. */
  writeError(peer: Reported, error: unknown, id: Id | undefined, method: string | undefined): void;
  /** The peer has gone. */
  leave(peer: Reported): void;
  /** The side is closed. */
  end(): void;
}
