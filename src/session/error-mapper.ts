import type { FaultBody } from '../contract/contract.js';

/** Turns errors into what travels of them, and back. There is one for each side. */
export interface ErrorMapper {
  /** An error as it travels to a peer, which is logged where the options specify that. Never throws, whatever was thrown. */
  toFault(error: unknown, peer?: { readonly id: string }): FaultBody;
  /** What has arrived as an error. Never throws: a call would never be settled then. */
  fromFault(fault: FaultBody): Error;
  /** The same fault with less in it, in turn, for where the whole of it cannot be sent. */
  smaller(fault: FaultBody): readonly FaultBody[];
}
