import { Worker as NodeWorker } from 'node:worker_threads';
import { stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import port from '../../transports/port.js';
import worker from '../../transports/worker.js';
import { bundled } from './fixtures/bundled.js';
import { accepting, wire } from './link-log.js';

/** Workers as in a browser: events as objects, no exit event, and only the creator ends a worker. */
class BrowserWorker extends EventTarget {
  static made: { readonly file: string; readonly options: object }[] = [];
  static last: BrowserWorker;
  private readonly worker: NodeWorker;
  terminated = false;

  constructor(file: string, options: object) {
    super();
    BrowserWorker.made.push({ file, options });
    BrowserWorker.last = this;
    this.worker = new NodeWorker(new URL(file), { workerData: { stay: true } });
    this.worker.on('message', (data) => this.dispatchEvent(new MessageEvent('message', { data })));
    this.worker.on('error', () => this.dispatchEvent(new Event('error')));
  }

  postMessage(message: unknown, transfer: never[]): void {
    this.worker.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.worker.terminate();
  }
}

const file = (await bundled('./echo-worker.ts')).href;

/** Hides Node's module, by which the transports detect the runtime. */
function inBrowser(): void {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
  vi.stubGlobal('Worker', BrowserWorker);
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  BrowserWorker.last?.terminate();
});

async function open(url: string) {
  inBrowser();
  const onWire = wire();
  const transport = worker(parseAddress(url), onWire);
  const side = accepting();
  await transport.open(side.accept);
  return { transport, log: side.logs[0]!, logged: onWire.logged };
}

describe("worker: over a browser's Worker", () => {
  it('communicates with it, and terminates it once it has confirmed the end, without waiting for an exit', async () => {
    const { transport, log } = await open(`worker:${file}?name=echo`);
    expect(BrowserWorker.made.at(-1)).toEqual({ file, options: { type: 'module', name: 'echo' } });
    log.link.send(['a']);
    await log.until(() => log.frames.length === 1);
    using _clock = stopClock();
    await transport.close();
    expect(BrowserWorker.last.terminated).toBe(true);
    expect([log.frames, log.ends]).toEqual([['a'], [undefined]]);
  });

  it('rejects if the script cannot be loaded', async () => {
    await expect(open(`worker:${new URL('./none.js', import.meta.url).href}`)).rejects.toThrow(
      'the worker failed: its script cannot be loaded',
    );
    expect(BrowserWorker.last.terminated).toBe(true);
  });

  it('reports an error of a running worker, and continues', async () => {
    const { transport, log, logged } = await open(`worker:${file}`);
    BrowserWorker.last.dispatchEvent(Object.assign(new Event('error'), { message: 'Uncaught oops' }));
    log.link.send(['still here']);
    await log.until(() => log.frames.length === 1);
    expect(logged).toEqual(['the worker failed: Uncaught oops']);
    await transport.close();
  });
});

it('port:parent is the scope of a browser worker', async () => {
  inBrowser();
  const scope = new EventTarget();
  const posted: unknown[] = [];
  vi.stubGlobal('postMessage', (message: unknown) => posted.push(message));
  // A page has that, too.
  expect(() => port(parseAddress('port:parent'), wire())).toThrow('inside a worker, and this is not one');
  vi.stubGlobal('WorkerGlobalScope', class {});
  vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope));
  vi.stubGlobal('removeEventListener', scope.removeEventListener.bind(scope));
  const closed = vi.fn();
  vi.stubGlobal('close', closed);
  const onWire = wire();
  const transport = port(parseAddress('port:parent'), onWire);
  const side = accepting();
  await transport.open(side.accept);
  const log = side.logs[0]!;
  scope.dispatchEvent(new MessageEvent('message', { data: ['obverse:ready'] }));
  scope.dispatchEvent(new MessageEvent('message', { data: ['obverse:text', 'hello'] }));
  // An error of the worker itself is not an error of its parent.
  scope.dispatchEvent(Object.assign(new Event('error'), { message: 'oops' }));
  expect(log.frames).toEqual(['hello']);
  log.link.send(['answer']);
  await transport.close();
  expect(posted).toEqual([['obverse:ready'], ['obverse:answer'], ['obverse:text', 'answer'], ['obverse:end']]);
  expect(log.ends).toEqual([undefined]);
  expect(closed).not.toHaveBeenCalled();
  expect(onWire.logged).toEqual([]);
});
