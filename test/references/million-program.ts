/*
 * Calls a passed function so many times, 64 calls at a time, both ends in one process; every hundredth call passes a
 * function itself. Prints what both sides hold before, during and after it, and the CPU time of a call.
 */

import { endpointOf } from '../../src/api/side-class.js';
import { referencesOf } from '../../src/extensions/references/value-mapper.js';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import type { ConnectedPeer } from '../../src/session/connected-peer.js';

type Step = (n: number, back?: Step) => unknown;

class Work extends RemoteAPI {
  @incoming({ hasReply: true, timeout: 300_000 }) run(
    _sender: Sender,
    _args: { times: number; step: Step },
  ): Reply<number> {}
}

const [url = 'memory:million', codec = 'jrpc', times = '1000000'] = process.argv.slice(2);
const server = await Work.serve(url, { codec, logger: null });
const client = await Work.invert().connect(server.address, { codec, logger: null });
const tables = (): number[] =>
  [server, client].map((side) =>
    [...endpointOf(side).peerRegistry.peers.values()].reduce((sum, peer) => {
      const { session } = peer as ConnectedPeer;
      return sum + referencesOf(session).size + session.pendingCount;
    }, 0),
  );
let most: number[] = [];
server.run.connect(async (_sender, { times, step }) => {
  let begun = 0;
  let sum = 0;
  const back: Step = (n) => n;
  const lane = async (): Promise<void> => {
    while (begun < times) {
      const n = ++begun;
      const one = (await (n % 100 === 0 ? step(n, back) : step(n))) as number;
      sum += one;
    }
  };
  const lanes = Promise.all(Array.from({ length: 64 }, lane));
  most = tables();
  await lanes;
  return sum;
});
const step: Step = async (n, back) => (back === undefined ? 1 : ((await back(n)) as number) / n);
await client.run(null, { times: 10_000, step });
const before = tables();
const cpu = process.cpuUsage();
const began = performance.now();
const sum = await client.run(null, { times: Number(times), step });
const { user, system } = process.cpuUsage(cpu);
const ms = performance.now() - began;
console.log(JSON.stringify({ sum, before, most, after: tables(), cpu: (user + system) / Number(times), ms }));
await client.close();
await server.close();
