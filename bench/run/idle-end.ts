// One end of many idle links, for `bench/idle.ts`: `node --expose-gc idle-end.js FOLDER CODEC BEAT` (0: no heartbeat).
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerParent, cpuMicros } from './parent.js';
import { memory } from './stream-memory.js';

type Api = typeof import('../../src/index.js');
type Sender = import('../../src/index.js').Sender;

/** How many links are dialed at a time. */
const DIALED = 100;

const [folder, codec, milliseconds] = process.argv.slice(2) as [string, string, string];
const { RemoteAPI, incoming, declareMethods } = (await import(pathToFileURL(resolve(folder, 'index.js')).href)) as Api;
class Spec extends RemoteAPI {
  echo(_sender: Sender, _value: number): import('../../src/index.js').Reply<number> {}
}
declareMethods(Spec, { echo: incoming({ hasReply: true, allowPositionalArgs: true }) });
const options = { codec, beat: Number(milliseconds) || Number.POSITIVE_INFINITY };

const serving = (url: string) => Spec.serve(url, options);
let server: Awaited<ReturnType<typeof serving>> | undefined;
const clients: unknown[] = [];

answerParent({
  async serve(url: string): Promise<string> {
    server = await serving(url);
    server.echo.connect((_sender, value) => value);
    return server.address;
  },
  async dial({ address, links }: { address: string; links: number }): Promise<void> {
    const Client = Spec.invert();
    while (clients.length < links) {
      const some = Math.min(DIALED, links - clients.length);
      await Promise.all(
        Array.from({ length: some }, async () => {
          const client = await Client.connect(address, options);
          if ((await client.echo(null, 1)) !== 1) throw new Error('a wrong answer');
          clients.push(client);
        }),
      );
    }
  },
  peers: () => server?.stats().peers ?? clients.length,
  cpu: cpuMicros,
  /** What is reachable, in bytes: read in the turn of the collection, for beats make garbage at any time. */
  async held(): Promise<number> {
    await memory();
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
});
