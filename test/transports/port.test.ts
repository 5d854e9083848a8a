import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, ProtocolError, UsageError } from '../../src/contract/errors.js';
import { defaultLimits } from '../../src/contract/limits.js';
import { testTransport } from '../../src/testing/transport.js';
import port from '../../transports/port.js';
import { bundled } from './fixtures/bundled.js';
import { accepting, wire } from './link-log.js';

const twoEnds = 'a port has two ends';
const noPause = 'a port cannot be made to wait';
let met = new MessageChannel();
testTransport(
  { describe, it },
  {
    name: 'port',
    forms: ['text', 'bytes', 'values'],
    first: (onWire) => {
      met.port1.close();
      met = new MessageChannel();
      return port(parseAddress({ url: 'port:', port: met.port1 } as never), onWire);
    },
    second: (onWire) => port(parseAddress({ url: 'port:', port: met.port2 } as never), onWire),
    crash: async () => () => met.port2.close(),
    gaps: {
      'gives every link its own peer id': twoEnds,
      'has a receiver before the first frame': 'its link stands before the other end comes',
      'refuses peers above the limit': twoEnds,
      'rejects open if nothing listens, and leaves nothing open': 'messages wait in a port until somebody listens',
      'buffers for the first end while it is paused, and reports when it has drained': noPause,
      'buffers for the second end while it is paused, and reports when it has drained': noPause,
    },
  },
);

const script = await bundled('./echo-worker.ts');
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function open(over: object, onWire: Partial<Wire> = {}) {
  const transport: Transport = port(parseAddress({ url: 'port:', ...over }), wire(onWire));
  const side = accepting();
  await transport.open(side.accept);
  ends.push(() => transport.close());
  return { transport, log: side.logs[0]! };
}

function channel(): { port1: MessagePort; port2: MessagePort } {
  const pair = new MessageChannel();
  ends.push(() => {
    pair.port1.close();
    pair.port2.close();
  });
  return pair;
}

async function both(onWire: Partial<Wire> = {}) {
  const { port1, port2 } = channel();
  const left = await open({ port: port1 }, { listen: true, ...onWire });
  const right = await open({ port: port2 }, onWire);
  return { left: left.log, right: right.log, transports: [left.transport, right.transport] as const, port1, port2 };
}

/** A worker with the fixture; it begins before anybody listens to it. */
function worker(workerData: object): Worker {
  const made = new Worker(script, { workerData });
  ends.push(() => made.terminate());
  return made;
}

describe('two ends of a MessageChannel', () => {
  it('carry text in order, and have ids of their own', async () => {
    const { left, right } = await both();
    right.onFrame = (frame) => right.link.send([`re ${String(frame)}`]);
    left.link.send(['1', '2']);
    left.link.send(['', '3']);
    await left.until(() => left.frames.length === 4);
    expect(right.frames).toEqual(['1', '2', '', '3']);
    expect(left.frames).toEqual(['re 1', 're 2', 're ', 're 3']);
    expect(left.link.peer).toMatch(/^port:\d+$/);
    expect(left.link.peer).not.toBe(right.link.peer);
  });

  it('carry bytes, without the rest of the buffer behind a view', async () => {
    const { left, right } = await both({ form: 'bytes' });
    const slab = Buffer.alloc(100_000, 7);
    left.link.send([slab.subarray(10, 13), new Uint8Array(0), slab.subarray(20, 21)]);
    await right.until(() => right.frames.length === 3);
    const frames = right.frames as Uint8Array[];
    expect(frames.map((frame) => [...frame])).toEqual([[7, 7, 7], [], [7]]);
    expect(frames[0]!.buffer.byteLength).toBe(4);
    expect(slab.length).toBe(100_000);
  });

  it('carry values and move the listed objects; a packet stays a packet', async () => {
    const { left, right } = await both({ form: 'values' });
    const moved = new ArrayBuffer(8);
    left.link.send([
      { values: [new Map([[1, new Date(0)]])], transfer: [], length: 5 },
      { values: ['a', moved], transfer: [moved], length: 9 },
    ]);
    await right.until(() => right.frames.length === 2);
    expect(right.frames[0]).toEqual({ values: [new Map([[1, new Date(0)]])], transfer: [], length: 5 });
    expect(right.frames[1]).toEqual({ values: ['a', new ArrayBuffer(8)], transfer: [], length: 9 });
    expect(moved.byteLength).toBe(0);
  });

  it('report values that cannot be posted, and carry the others of the tick', async () => {
    const { port1, port2 } = channel();
    const onWire = wire({ form: 'values' });
    const transport = port(parseAddress({ url: 'port:', port: port1 } as never), onWire);
    const side = accepting();
    await transport.open(side.accept);
    const right = await open({ port: port2 }, { form: 'values' });
    const parcel = (value: unknown) => ({ values: [value], transfer: [], length: 1 });
    side.logs[0]!.link.send([parcel('a'), parcel(() => {}), parcel('b')]);
    await right.log.until(() => right.log.frames.length === 2);
    expect(right.log.seen).toEqual(['a', 'b']);
    expect(onWire.logged.join()).toContain('a message was not sent');
    side.logs[0]!.link.send([parcel('c')]);
    await right.log.until(() => right.log.frames.length === 3);
  });

  it('hold frames until the other end listens, and count them', async () => {
    const { port1, port2 } = channel();
    const left = await open({ port: port1 });
    left.log.link.send(['early', 'bird']);
    expect(left.log.link.buffered).toBe(9);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const right = await open({ port: port2 });
    await right.log.until(() => right.log.frames.length === 2);
    expect(right.log.frames).toEqual(['early', 'bird']);
    expect([left.log.link.buffered, left.log.drains]).toEqual([0, 1]);
  });

  it('deliver everything sent before close, and end both cleanly, once', async () => {
    const { left, right, transports } = await both();
    right.link.send(['to be ready']);
    await left.until(() => left.frames.length === 1);
    left.link.send(['last words']);
    left.link.close();
    left.link.close();
    left.link.send(['too late']);
    expect(await right.ended()).toBeUndefined();
    await Promise.all(transports.map((transport) => transport.close()));
    expect(right.frames).toEqual(['last words']);
    expect([left.ends, right.ends]).toEqual([[undefined], [undefined]]);
  });

  it('deliver also to an end that is opened after the close', async () => {
    const { port1, port2 } = channel();
    const left = await open({ port: port1 });
    left.log.link.send(['left behind']);
    await left.transport.close();
    expect(left.log.ends).toEqual([undefined]);
    const right = await open({ port: port2 });
    expect(await right.log.ended()).toBeUndefined();
    expect(right.log.frames).toEqual(['left behind']);
  });

  it('listen by addEventListener if there is no `on`, as in browsers', async () => {
    const { port1, port2 } = channel();
    let started = 0;
    const web = {
      postMessage: port1.postMessage.bind(port1),
      addEventListener: port1.addEventListener.bind(port1),
      removeEventListener: port1.removeEventListener.bind(port1),
      start: () => {
        started++;
        port1.start();
      },
      close: port1.close.bind(port1),
    };
    const left = await open({ port: web });
    const right = await open({ port: port2 });
    left.log.link.send(['to node']);
    right.log.link.send(['to the browser']);
    await left.log.until(() => left.log.frames.length > 0);
    expect([left.log.frames, right.log.frames]).toEqual([['to the browser'], ['to node']]);
    expect(started).toBe(1);
    await left.transport.close();
    expect(await right.log.ended()).toBeUndefined();
  });

  it('end at once with a reason', async () => {
    const { left, right } = await both();
    const reason = new Error('enough');
    left.link.close(reason);
    expect(await left.ended()).toBe(reason);
    expect((await right.ended())?.message).toBe('the other side closed the link abruptly');
  });

  it('close the port, and nothing prevents its collection', async () => {
    const { port1, port2 } = channel();
    const { transport } = await open({ port: port1 });
    const closed = new Promise((resolve) => port2.once('close', resolve));
    port2.on('message', () => {});
    await transport.close();
    await closed;
  });

  it('end when other code closes the port', async () => {
    const { left, right, port1 } = await both();
    port1.close();
    expect(await right.ended()).toBeInstanceOf(ConnectionLost);
    expect(await left.ended()).toBeInstanceOf(ConnectionLost);
  });

  it('let the process exit when they are closed', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const { transports, left } = await both();
    expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length).toBeGreaterThan(before);
    await transports[0].close();
    await transports[1].close();
    await left.ended();
    await new Promise(setImmediate);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length).toBe(before);
  });
});

describe('an unexpected message', () => {
  it('is ignored if it has another form', async () => {
    const { left, right, port1 } = await both();
    for (const stranger of [1, null, 'text', { method: 'x' }, [], ['obverse'], ['text', 'x']])
      port1.postMessage(stranger);
    left.link.send(['ours']);
    await right.until(() => right.frames.length > 0);
    expect(right.frames).toEqual(['ours']);
  });

  it('is ignored if it is left over from an earlier conversation', async () => {
    const { port1, port2 } = channel();
    for (const old of [['obverse:text', 'old'], ['obverse:end'], ['obverse:cut']]) port1.postMessage(old);
    const right = await open({ port: port2 });
    const left = await open({ port: port1 });
    left.log.link.send(['new']);
    await right.log.until(() => right.log.frames.length > 0);
    expect([right.log.frames, right.log.ends]).toEqual([['new'], []]);
  });

  it('ends the link if it cannot be deserialized', async () => {
    const { right, port2 } = await both();
    port2.dispatchEvent(new Event('messageerror'));
    expect(await right.ended()).toBeInstanceOf(ProtocolError);
  });

  for (const [what, message] of [
    ['of another form', ['obverse:bytes', new Uint8Array(1), 1]],
    ['that is no text', ['obverse:text', 'good', 1]],
    ['above the limit', ['obverse:text', 'good', 'x'.repeat(11)]],
  ] as const) {
    it(`ends the link: a frame ${what}`, async () => {
      const { left, right, port1 } = await both({ limits: { ...defaultLimits, frameBytes: 10 } });
      left.link.send(['hello']);
      await right.until(() => right.frames.length > 0);
      port1.postMessage(message);
      expect(await right.ended()).toBeInstanceOf(ProtocolError);
      expect(right.frames.filter((frame) => frame !== 'hello' && frame !== 'good')).toEqual([]);
      expect((await left.ended())?.message).toBe('the other side closed the link abruptly');
    });
  }

  for (const message of [
    ['obverse:bytes', 'no bytes', 1],
    ['obverse:bytes', new Uint8Array(1), 2],
    ['obverse:bytes', new Uint8Array(1), -1],
  ]) {
    it(`ends the link: bytes ${JSON.stringify(message)}`, async () => {
      const { left, right, port1 } = await both({ form: 'bytes' });
      left.link.send([new Uint8Array(1)]);
      await right.until(() => right.frames.length > 0);
      port1.postMessage(message);
      expect(await right.ended()).toBeInstanceOf(ProtocolError);
      expect(right.frames).toHaveLength(1);
    });
  }

  it('ends the link if it starts a second conversation on one port', async () => {
    const { left, right, port1 } = await both();
    left.link.send(['hello']);
    await right.until(() => right.frames.length > 0);
    port1.postMessage(['obverse:ready']);
    expect((await right.ended())?.message).toContain('one link at a time');
  });

  it('is impossible on something that is not a port, which is refused', () => {
    for (const given of [undefined, 1, {}, { postMessage() {} }]) {
      expect(() => port(parseAddress({ url: 'port:', port: given }), wire())).toThrow(UsageError);
    }
    expect(() => port(parseAddress('port:parent'), wire())).toThrow('inside a worker, and this is not one');
    expect(() => port(parseAddress('port:mother'), wire())).toThrow('expected port:parent');
    expect(() => port(parseAddress({ url: 'port:', prot: 1 }), wire())).toThrow('has no option "prot"');
  });
});

describe('a Worker', () => {
  it('is heard although it posted before anybody listened, and continues after a close', async () => {
    const made = worker({ greeting: 'hello from the worker', stay: true });
    // Its first message of the protocol is sent before anyone listens, and a Worker keeps nothing.
    await new Promise((resolve) => made.once('message', resolve));
    const { log, transport } = await open({ port: made });
    await log.until(() => log.frames.length > 0);
    log.link.send(['echo']);
    await log.until(() => log.frames.length > 1);
    expect(log.frames).toEqual(['hello from the worker', 'echo']);
    await transport.close();
    expect(log.ends).toEqual([undefined]);
    expect(made.threadId).toBeGreaterThan(0);
  });

  it('exits by itself when its link has ended and nothing else keeps it alive', async () => {
    const made = worker({});
    const { log, transport } = await open({ port: made });
    log.link.send(['x']);
    await log.until(() => log.frames.length > 0);
    const exit = new Promise((resolve) => made.once('exit', resolve));
    await transport.close();
    expect(await exit).toBe(0);
  });

  for (const [order, reason] of [
    ['!exit', 'the worker exited with code 3'],
    ['!throw', 'the worker failed: thrown in the worker'],
    ['!cut', 'the other side closed the link abruptly'],
    ['!close', undefined],
  ] as const) {
    it(`instructed to ${order} ends the link: ${reason ?? 'cleanly'}`, async () => {
      const made = worker({});
      const { log } = await open({ port: made });
      log.link.send(['first', order]);
      const end = await log.ended();
      expect(log.frames).toEqual(['first']);
      expect(end?.message).toBe(reason);
      if (reason !== undefined) expect(end).toBeInstanceOf(ConnectionLost);
    });
  }
});
