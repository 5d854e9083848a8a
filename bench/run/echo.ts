import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

type Api = typeof import('../../src/index.js');
type Sender = import('../../src/index.js').Sender;
type Options = import('../../src/index.js').Options;

const IN_FLIGHT = 64;
/** How many notifications are sent before a call waits until all have been handled. */
const NOTES = 500;

/** Both ends of a connection in this process, with one build of the library. */
export interface Echo {
  /** Runs a load so many times. */
  run(load: string, times: number): Promise<void>;
  close(): Promise<void>;
}

/** `folder` is that of a build, such as `dist/`; `options` are those of the side that listens, and of the one that dials. */
export async function openEcho(
  folder: string,
  codec: string,
  transport: string,
  options: { readonly listens?: Options; readonly dials?: Options } = {},
): Promise<Echo> {
  const { RemoteAPI, incoming, declareMethods } = (await import(
    pathToFileURL(resolve(folder, 'index.js')).href
  )) as Api;
  class Spec extends RemoteAPI {
    echo(_sender: Sender, _args: { text: string; n: number }): import('../../src/index.js').Reply<unknown> {}
    note(_sender: Sender, _args: { text: string; n: number }): void {}
    numbers(_sender: Sender, _args: { count: number }): import('../../src/index.js').Stream<number> {}
  }
  declareMethods(Spec, {
    echo: incoming({ hasReply: true }),
    note: incoming,
    numbers: incoming({ stream: true }),
  });
  const server = await Spec.serve(`${transport}://127.0.0.1:0`, { codec, ...options.listens });
  let noted = 0;
  server.echo.connect((_sender, args) => args);
  server.note.connect(() => {
    noted++;
  });
  server.numbers.connect(function* (_sender, { count }) {
    for (let n = 0; n < count; n++) yield n;
  });
  const client = await Spec.invert().connect(server.address, { codec, ...options.dials });

  const loads: Record<string, (times: number) => Promise<void>> = {
    async call(times) {
      let left = times;
      const lane = async (): Promise<void> => {
        while (left-- > 0) await client.echo(null, { text: 'hello', n: left });
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    },
    async notify(times) {
      const before = noted;
      for (let n = 1; n <= times; n++) {
        client.note(null, { text: 'hello', n });
        if (n % NOTES === 0 || n === times) await client.echo(null, { text: 'all of them', n });
      }
      if (noted - before !== times) throw new Error(`${times} notifications were sent, ${noted - before} arrived`);
    },
    async stream(times) {
      let taken = 0;
      for await (const _item of client.numbers(null, { count: times })) taken++;
      if (taken !== times) throw new Error(`${times} items were sent, ${taken} arrived`);
    },
  };
  return {
    run(load, times) {
      const run = loads[load];
      if (run === undefined) throw new Error(`there is no load "${load}"; there are ${Object.keys(loads).join(', ')}`);
      return run(times);
    },
    async close() {
      await client.close();
      await server.close();
    },
  };
}
