import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { AddressObject, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { defaultLimits } from '../../src/contract/limits.js';
import { testTransport } from '../../src/testing/transport.js';
import { DEATH } from '../../src/testing/transport-closing.js';
import port from '../../transports/port.js';
import worker from '../../transports/worker.js';
import { turnUntil } from '../support/clock-turning.js';
import { bundled } from './fixtures/bundled.js';
import { accepting, wire } from './link-log.js';

const relay = await bundled('./relay-worker.ts');
const oneWorker = 'each starts a worker of its own';
const noPause = 'a port cannot be made to wait';
let met = new MessageChannel();
testTransport(
  { describe, it },
  {
    name: 'worker',
    forms: ['text', 'bytes', 'values'],
    // Represents the other end in the worker, which relays everything to it.
    first: (onWire) => {
      met.port1.close();
      met = new MessageChannel();
      return port(parseAddress({ url: 'port:', port: met.port1 } as never), onWire);
    },
    second: (onWire) => {
      const workerData = { form: onWire.form, far: met.port2 };
      const transferList = [met.port2];
      return worker(parseAddress({ url: `worker:${relay}`, workerData, transferList } as never), onWire);
    },
    gaps: {
      'gives every link its own peer id': oneWorker,
      'has a receiver before the first frame': 'its link stands before the other end comes',
      'refuses peers above the limit': oneWorker,
      'rejects open if nothing listens, and leaves nothing open': oneWorker,
      'buffers for the first end while it is paused, and reports when it has drained': noPause,
      'buffers for the second end while it is paused, and reports when it has drained': noPause,
      [DEATH]: 'held below for the real worker',
    },
  },
);

const file = await bundled('./echo-worker.ts');
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function make(over: Omit<AddressObject, 'url'> & { readonly url?: string }, onWire: Partial<Wire> = {}) {
  const transport = worker(parseAddress({ url: `worker:${file}`, ...over }), wire(onWire));
  ends.push(() => transport.close());
  return { transport, ...accepting() };
}

async function open(...given: Parameters<typeof make>) {
  const { transport, accept, logs } = make(...given);
  await transport.open(accept);
  return { transport, log: logs[0]! };
}

const handles = () => process.getActiveResourcesInfo().filter((name) => /worker|messageport/i.test(name)).length;
const script = (text: string) => ({ url: `worker:data:text/javascript,${encodeURIComponent(text)}` });

describe('worker:', () => {
  it('starts a file, communicates with its port:parent, and leaves nothing behind', async () => {
    const before = handles();
    const { transport, log } = await open({ workerData: { greeting: 'hello' } });
    log.link.send(['a', 'b']);
    await log.until(() => log.frames.length === 3);
    expect(log.frames).toEqual(['hello', 'a', 'b']);
    expect(handles()).toBeGreaterThan(before);
    expect(log.link.peer).toMatch(/^worker:\d+$/);
    expect(transport.address).toBe(`worker:${file}`);
    await transport.close();
    expect(log.ends).toEqual([undefined]);
    expect(handles()).toBe(before);
  });

  it('finds the file by a path, absolute or relative to the working directory, or by a URL', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'obverse-'));
    ends.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'echo#1.mjs');
    await writeFile(path, Buffer.from(file.pathname.split(',')[1]!, 'base64'));
    const near = relative('.', path);
    for (const url of [`worker:${path}`, `worker:./${near}`, `worker:${near}`, `worker:${pathToFileURL(path)}`]) {
      const { transport, log } = await open({ url });
      log.link.send(['x']);
      await log.until(() => log.frames.length === 1);
      await transport.close();
    }
  });

  it('carries bytes and values', async () => {
    const bytes = await open({ workerData: { form: 'bytes' } }, { form: 'bytes' });
    bytes.log.link.send([new Uint8Array([1, 2]), new Uint8Array([3])]);
    await bytes.log.until(() => bytes.log.frames.length === 2);
    expect(bytes.log.frames).toEqual([new Uint8Array([1, 2]), new Uint8Array([3])]);
    const values = await open({ workerData: { form: 'values' } }, { form: 'values' });
    values.log.link.send([{ values: [new Set([1n])], transfer: [], length: 3 }]);
    await values.log.until(() => values.log.frames.length === 1);
    expect(values.log.seen).toEqual([new Set([1n])]);
  });

  it('terminates a worker that does not exit by itself, after a second', async () => {
    const { transport, log } = await open({ workerData: { stay: true } });
    using clock = stopClock();
    expect(await turnUntil(clock, transport.close())).toBeGreaterThanOrEqual(1_000);
    expect(log.ends).toEqual([undefined]);
  });

  it('terminates immediately a worker whose link is closed with a reason', async () => {
    const before = handles();
    const { transport, log } = await open({ workerData: { stay: true } });
    const reason = new Error('enough');
    // No time passes while the clock is stopped.
    using _clock = stopClock();
    log.link.close(reason);
    await transport.close();
    expect(log.ends).toEqual([reason]);
    expect(handles()).toBe(before);
  });

  for (const [order, reason] of [
    ['!exit', 'the worker exited with code 3'],
    ['!throw', 'the worker failed: thrown in the worker'],
    ['!close', undefined],
  ] as const) {
    it(`instructed to ${order} ends the link: ${reason ?? 'cleanly'}`, async () => {
      const { transport, log } = await open({});
      log.link.send(['first', order]);
      const end = await log.ended();
      expect(end?.message).toBe(reason);
      if (reason !== undefined) expect(end).toBeInstanceOf(ConnectionLost);
      expect(log.frames).toEqual(['first']);
      await transport.close();
      expect(log.ends).toHaveLength(1);
    });
  }
});

describe('worker: open rejects', () => {
  const cases = [
    ['if the script throws', script('throw new Error("bad start")'), 'the worker failed: bad start'],
    ['if there is no such file', { url: 'worker:./none.js' }, 'the worker failed: Cannot find module'],
    ['if the worker exits', script('process.exit(7)'), 'the worker exited with code 7'],
    ['if the worker ends', script(''), 'the worker exited with code 0'],
  ] as const;
  for (const [what, over, message] of cases) {
    it(what, async () => {
      const before = handles();
      const { transport, accept, logs } = make(over);
      const error = await transport.open(accept).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(String(error)).toContain(message);
      expect(handles()).toBe(before);
      expect(logs).toEqual([]);
    });
  }

  it('if port:parent is not opened in time', async () => {
    const before = handles();
    const limits = { ...defaultLimits, connectMs: 100 };
    const { transport, accept } = make(script('setInterval(() => {}, 1000)'), { limits });
    await expect(transport.open(accept)).rejects.toThrow('did not open port:parent within 100 ms');
    expect(handles()).toBe(before);
  });

  it('if it is closed first, or meanwhile', async () => {
    const before = handles();
    const early = make({});
    await early.transport.close();
    await expect(early.transport.open(early.accept)).rejects.toThrow(ConnectionLost);
    const meanwhile = make({ workerData: { stay: true } });
    const opening = meanwhile.transport.open(meanwhile.accept);
    const rejected = expect(opening).rejects.toThrow('closed before it was open');
    await meanwhile.transport.close();
    await rejected;
    expect(meanwhile.logs).toEqual([]);
    expect(handles()).toBe(before);
  });
});

it('refuses to listen, and an address without a file or with an unknown option', () => {
  expect(() => worker(parseAddress('worker:./x.js'), wire({ listen: true }))).toThrow('so it cannot be served');
  expect(() => worker(parseAddress('worker:'), wire())).toThrow(UsageError);
  expect(() => worker(parseAddress('worker:./x.js?nmae=x'), wire())).toThrow('has no option "nmae"');
});
