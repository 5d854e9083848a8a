import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createInbox } from '@nats-io/transport-node';
import { startNats } from '../../test/support/nats-server.js';
import { type Contestant, compare } from './measure.js';
import { Sums } from './nats-spec.js';

/** Calls of a worker in another process, over a server of its own. */
export async function bench(): Promise<boolean> {
  const engine = await startNats();
  const server = `127.0.0.1:${engine.port}`;
  const worker = fork(new URL('./nats-worker.js', import.meta.url), [server]);
  await once(worker, 'message');
  try {
    const contestants = [request(server), byHand(server), obverse(server, 'jrpc'), obverse(server, 'msgpack')];
    const bars = [
      { of: 'Obverse, msgpack', to: 'by hand', least: 1 },
      { of: 'Obverse, jrpc', to: 'by hand', least: 0.85 },
      { of: 'Obverse, msgpack', to: 'nc.request', least: 3 },
      { of: 'Obverse, jrpc', to: 'nc.request', least: 3 },
    ];
    const holds = await compare({ contestants, bars, inFlight: 64, rounds: 5, ms: 2_000 });
    const one = await compare({ contestants, bars: [], inFlight: 1, rounds: 5, ms: 500 });
    return holds && one;
  } finally {
    worker.disconnect();
    await once(worker, 'exit');
    await engine.end();
  }
}

const params = { a: 2, b: 40 };

/** The request of the client: a promise with a timer for each. */
function request(server: string): Contestant {
  return {
    name: 'nc.request',
    open: async () => {
      const client = await connect({ servers: server });
      let id = 0;
      const call = async (): Promise<unknown> => {
        const text = JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'add', params });
        return (await client.request('bare', text, { timeout: 10_000 })).json<{ result: number }>().result;
      };
      return { call, close: () => client.close() };
    },
  };
}

/** What somebody writes who needs more speed: ids of their own, and one inbox. */
function byHand(server: string): Contestant {
  return {
    name: 'by hand',
    open: async () => {
      const client = await connect({ servers: server });
      const inbox = createInbox();
      const pending = new Map<number, (result: number) => void>();
      client.subscribe(inbox, {
        callback: (_error, message) => {
          const { id, result } = message.json<{ id: number; result: number }>();
          pending.get(id)?.(result);
          pending.delete(id);
        },
      });
      let last = 0;
      const call = (): Promise<number> =>
        new Promise((resolve) => {
          const id = ++last;
          pending.set(id, resolve);
          client.publish('bare', JSON.stringify({ jsonrpc: '2.0', id, method: 'add', params }), { reply: inbox });
        });
      return { call, close: () => client.close() };
    },
  };
}

function obverse(server: string, codec: 'jrpc' | 'msgpack'): Contestant {
  return {
    name: `Obverse, ${codec}`,
    open: async () => {
      const side = await Sums.invert().connect(`nats://${server}/${codec}`, { codec });
      return { call: () => side.remote.add(params), close: () => side.close() };
    },
  };
}
