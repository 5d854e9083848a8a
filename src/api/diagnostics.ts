import type { Transport } from '../contract/contract.js';
import type { Connection } from '../session/connection.js';

/** A side whose messages are printed: two of them may be in one process. */
export interface PrintingSide {
  readonly dispatcher: { readonly tables: readonly { readonly spec: { readonly name: string } }[] };
  readonly inverted: boolean;
}

/** Helps to find a fault. An extension loads each of these if it is asked for. */
export interface Diagnostics {
  /** Errors of calls show the line of the call. */
  readonly callSites?: {
    /** Makes a call and returns its result; `below` is the function that the program has called. */
    withCallSite<T>(below: (this: never, ...args: never[]) => unknown, call: () => T): T;
  };
  /** Messages are printed. */
  readonly messages?: {
    printMessages(connection: Connection, side: PrintingSide): void;
    printBroadcasts(transport: Transport, side: PrintingSide): void;
  };
}

/** No diagnostics. */
export const none: Diagnostics = Object.freeze({});
