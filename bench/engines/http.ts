import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Contestant, compare } from './measure.js';
import { Sums } from './nats-spec.js';

const params = { a: 2, b: 40 };

/** Calls by POST: the server and the client, each beside one that is written by hand over `node:http`, in one process. */
export async function bench(): Promise<boolean> {
  const bare = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { id, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: number;
        params: { a: number; b: number };
      };
      const body = JSON.stringify({ jsonrpc: '2.0', id, result: params.a + params.b });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const bareAddress = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;
  const sums = await Sums.serve('http://127.0.0.1:0');
  sums.add.connect((_sender, { a, b }) => a + b);
  const address = sums.address as string;
  try {
    const contestants = [
      byHand('node:http to a bare server', bareAddress),
      byHand('node:http to Obverse', address),
      byFetch('fetch to a bare server', bareAddress),
      obverse('Obverse to a bare server', bareAddress),
      obverse('Obverse to Obverse', address),
    ];
    const bars = [
      { of: 'node:http to Obverse', to: 'node:http to a bare server', least: 0.9 },
      { of: 'Obverse to a bare server', to: 'node:http to a bare server', least: 0.7 },
    ];
    const holds = await compare({ contestants, bars, inFlight: 64, rounds: 5, ms: 2_000 });
    const one = await compare({ contestants, bars: [], inFlight: 1, rounds: 5, ms: 500 });
    return holds && one;
  } finally {
    await sums.close();
    bare.closeAllConnections();
    bare.close();
  }
}

/** What somebody writes who needs speed: an agent that keeps its connections. */
function byHand(name: string, address: string): Contestant {
  return {
    name,
    open: async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 64 });
      const { hostname, port, pathname } = new URL(address);
      let id = 0;
      const call = (): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'add', params });
          const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
          request({ agent, method: 'POST', hostname, port, path: pathname, headers }, (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () =>
              resolve((JSON.parse(Buffer.concat(chunks).toString()) as { result: number }).result),
            );
          })
            .on('error', reject)
            .end(body);
        });
      return { call, close: async () => agent.destroy() };
    },
  };
}

function byFetch(name: string, address: string): Contestant {
  return {
    name,
    open: async () => {
      let id = 0;
      const call = async (): Promise<unknown> => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'add', params });
        const response = await fetch(address, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        return ((await response.json()) as { result: number }).result;
      };
      return { call, close: async () => {} };
    },
  };
}

function obverse(name: string, address: string): Contestant {
  return {
    name,
    open: async () => {
      const client = await Sums.invert().connect(address);
      return { call: () => client.remote.add(params), close: () => client.close() };
    },
  };
}
