// The package has types for this module, but not under the name by which Node imports it.
declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { Endpoint } from 'comlink';

  /** Makes a Worker or a parentPort an endpoint. */
  export default function nodeEndpoint(port: { postMessage(message: unknown): void }): Endpoint;
}
