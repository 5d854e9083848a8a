import { incoming, RemoteAPI, type Reply, type Sender, type Side, type TransportSource } from '../../src/index.js';
import type { Identity } from './certificates.js';
import { closing } from './closing.js';
import { Log } from './core-waiting.js';

/** A spec with one method, which the server answers with what it knows of the caller. */
export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
}
export const Visitor = Desk.invert();

/** A server and what it has reported. */
export interface Served {
  readonly server: Side<Desk>;
  readonly log: Log;
  readonly url: string;
  readonly port: number;
}

/** The options of an identity. */
export function own({ cert, key }: Identity): { cert: string; key: string } {
  return { cert, key };
}

/** Servers and clients over TLS that are closed after each test. `scheme` is that of the servers. */
export function tlsSides(scheme: 'tls' | 'wss' = 'tls') {
  const keep = closing();
  return {
    keep,
    async serve(options: object, sideOptions: object = {}): Promise<Served> {
      const log = new Log();
      const source = { url: `${scheme}://127.0.0.1:0`, ...options } as TransportSource;
      const server = keep(await Desk.serve(source, { logger: log, ...sideOptions }));
      server.ask.connect((_sender, { n }) => n + 1);
      return { server, log, url: server.address, port: Number(/:(\d+)/.exec(server.address)?.[1]) };
    },
    async connect(url: string, options: object = {}, sideOptions: object = {}) {
      return keep(await Visitor.connect({ url, ...options } as TransportSource, { logger: null, ...sideOptions }));
    },
  };
}

/** What a side knows of its only peer. */
export function tlsOf(side: { readonly peers: ReadonlyMap<string, { readonly info: object }> }) {
  const [peer] = side.peers.values();
  return (peer?.info as { readonly tls?: Record<string, unknown> } | undefined)?.tls;
}

/** The texts of the reports of a transport. */
export function reportsIn({ warnings, errors }: Log): string[] {
  return [...warnings, ...errors].filter((told) => told.length === 1).map(([text]) => String(text));
}
