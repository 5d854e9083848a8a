import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { WebSocket } from 'ws';
import { root } from '../docs/pages.js';
import { browse } from '../package/chromium.js';
import { remove, scratch } from '../package/packed.js';
import { forPages } from '../package/rooms.js';
import { until } from '../support/core-waiting.js';

/** The functions of a page, called from the test. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : undefined;
};

/** A browser with one page, whose script is bundled from the source, and its DevTools. */
export interface ChromiumPage<T> extends AsyncDisposable {
  /** The functions that the script has put into the global object `talk`. */
  readonly talk: Remote<T>;
  /** Evaluates an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Calls a method of the DevTools protocol for the page. */
  send(method: string, params?: object): Promise<Record<string, unknown>>;
  /** Loads the page anew. */
  reload(): Promise<void>;
  /** Its address, and another one in the same site without a script. */
  readonly url: string;
  readonly elsewhere: string;
  /** What the browser has written: the console of the page, and its errors. */
  written(): string;
}

/** The library, as a page imports it. */
const alias = {
  'obverse/all': join(root, 'src/all.ts'),
  obverse: join(root, 'src/browser.ts'),
  'obverse/references': join(root, 'src/extensions/references/install.ts'),
  'obverse/reconnect': join(root, 'src/extensions/reconnect/install.ts'),
  'obverse/codecs/msgpack': join(root, 'codecs/msgpack.ts'),
  'obverse/transports/nats': join(root, 'transports/nats.browser.ts'),
};

/** Serves a page with this script, and with `worker.js` if there is one, and opens it in Chromium, with further options of the browser. */
export async function openPage<T>(
  script: string,
  workers: readonly string[] = [],
  ...options: string[]
): Promise<ChromiumPage<T>> {
  const { outputFiles } = await build({
    ...forPages,
    entryPoints: [
      { in: join(root, 'test/page', script), out: 'main' },
      ...workers.map((each) => ({ in: join(root, 'test/page', each), out: 'worker' })),
    ],
    outdir: join(root, 'out'),
    minify: false,
    // The package names the built files that are kept for their effect.
    ignoreAnnotations: true,
    alias,
  });
  const files = new Map(outputFiles.map(({ path, text }) => [path.slice(join(root, 'out').length), text]));
  const server = http.createServer(({ url = '/' }, response) => {
    const text =
      { '/': '<!doctype html><script type="module" src="/main.js"></script>', '/elsewhere': '<!doctype html>' }[url] ??
      files.get(url);
    const type = url.endsWith('.js') ? 'text/javascript' : 'text/html';
    if (text === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const folder = await scratch();
  const browser = browse('about:blank', folder, '--remote-debugging-port=0', ...options);
  const close = async (): Promise<void> => {
    await browser.end();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await remove(folder);
  };
  try {
    const tools = await devTools(browser);
    await tools.send('Page.enable');
    await tools.send('Runtime.enable');
    const evaluate = async (expression: string): Promise<unknown> => {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = (await tools.send('Runtime.evaluate', options)) as {
        result: { value?: unknown };
        exceptionDetails?: { text: string; exception?: { description?: string } };
      };
      if (exceptionDetails !== undefined)
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    const load = async (): Promise<void> => {
      await tools.send('Page.navigate', { url });
      for (let found = false; !found; ) found = (await evaluate('typeof talk === "object"')) === true;
    };
    await load();
    const talk = new Proxy({} as Remote<T>, {
      get:
        (_target, name) =>
        (...args: unknown[]) =>
          evaluate(`talk.${String(name)}(...${JSON.stringify(args)})`),
    });
    return {
      talk,
      evaluate,
      send: tools.send,
      reload: load,
      url,
      elsewhere: `${url}elsewhere`,
      written: browser.written,
      [Symbol.asyncDispose]: async () => {
        tools.end();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The DevTools of the first page of a browser. */
async function devTools({ written }: { written(): string }) {
  await until(() => /DevTools listening on ws:/.test(written()));
  const origin = /DevTools listening on ws:\/\/([^/]+)/.exec(written())?.[1];
  type Target = { readonly type: string; readonly webSocketDebuggerUrl: string };
  let page: Target | undefined;
  while (page === undefined) {
    const targets = (await (await fetch(`http://${origin}/json/list`)).json()) as Target[];
    page = targets.find(({ type }) => type === 'page');
  }
  const socket = new WebSocket(page.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map<number, { resolve(value: Record<string, unknown>): void; reject(error: Error): void }>();
  socket.on('message', (data) => {
    const { id, result, error } = JSON.parse(String(data)) as {
      id?: number;
      result: Record<string, unknown>;
      error?: { message: string };
    };
    const call = waiting.get(id as number);
    waiting.delete(id as number);
    if (error !== undefined) call?.reject(new Error(error.message));
    else call?.resolve(result);
  });
  let last = 0;
  return {
    send: (method: string, params: object = {}): Promise<Record<string, unknown>> =>
      new Promise((resolve, reject) => {
        waiting.set(++last, { resolve, reject });
        socket.send(JSON.stringify({ id: last, method, params }));
      }),
    end: () => socket.terminate(),
  };
}
