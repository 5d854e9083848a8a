// The package has types for this module, but not under the name with which Node imports it.
declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { Endpoint } from 'comlink';

  /** Turns a Worker or a parentPort into an endpoint. */
  export default function nodeEndpoint(port: { postMessage(message: unknown): void }): Endpoint;
}
