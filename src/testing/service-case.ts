import type { Form, Transport, Wire } from '../contract/contract.js';
import type { Gaps } from './runner.js';

/** A transport whose clients connect to a service, to test: several servers, which each client sees as one peer. */
export interface ServiceCase {
  /** The name of the suite in the runner's report. */
  readonly name: string;
  /**
   * The forms that it carries; text and bytes by default. The first of them is used if the form does not matter. Tests with sides use the
   * codec `jrpc` for text, and `msgpack` where only bytes are carried.
   */
  readonly forms?: readonly Form[];
  /** Called before each test: the servers and clients that are made until the next one belong to a service of their own. */
  fresh?(): void | Promise<void>;
  /**
   * Makes a transport that serves. `wire.listen` is true. A `callBeat` of its links should be about 400 ms: tests wait for several of them,
   * and a busy machine may be late by one.
   */
  server(wire: Wire): Transport | Promise<Transport>;
  /**
   * Makes a transport that connects to the service. `wire.listen` is false. `addresses` are those of all servers that the test has opened,
   * in their order; at least one. The `callBeat` is that of the servers.
   */
  client(wire: Wire, addresses: readonly string[]): Transport | Promise<Transport>;
  /**
   * Interrupts the connection of all servers and clients to their broker, as a broker that is restarted does. Resolves with a function
   * that restores it. Without it, tests of interruptions are gaps.
   */
  interrupt?(): Promise<() => void | Promise<void>>;
  /** Tests that the transport cannot pass by design, by name, with the reason. */
  readonly gaps?: Gaps;
}
