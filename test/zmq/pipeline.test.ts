import { afterEach, describe, expect, it } from 'vitest';
import { Code, ProtocolError, TimeoutError } from '../../src/index.js';
import { Log, until } from '../support/core-waiting.js';
import { freePort } from '../support/engines.js';
import { closeAll, closing, Work } from './ends.js';

afterEach(closeAll);

const ANYWHERE = 'zmq+tcp://127.0.0.1:*?role=pipeline';

async function hears(address: string = ANYWHERE) {
  const side = closing(await Work.serve(address, { logger: null }));
  const heard: string[] = [];
  side.note.connect((_sender, { text }) => void heard.push(text));
  return { side, heard, place: side.address.replace(/^zmq\+tcp:\/\/|\?.*/g, '') };
}

async function writes(places: readonly string[], limits = {}, logger: Log | null = null) {
  const address = `zmq+tcp://${places.join(',')}?role=pipeline`;
  return closing(await Work.invert().connect(address, { logger, limits, timeout: 500 }));
}

async function nowhere(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

describe('a pipeline loses nothing that is written', () => {
  it('to several endpoints, and nobody is at one of them', async () => {
    const { heard, place } = await hears();
    const writer = await writes([place, await nowhere()]);
    for (let n = 0; n < 1_000; n++) writer.remote.note({ text: `${n}` });
    await writer.flush();
    await until(() => heard.length === 1_000);
    expect(await writer.queueStats()).toEqual({ waiting: 0 });
  });

  it('after one of two servers has closed', async () => {
    const [one, two] = [await hears(), await hears()];
    const writer = await writes([one.place, two.place]);
    await until(() => {
      writer.remote.note({ text: 'before' });
      return one.heard.length > 0 && two.heard.length > 0;
    });
    await writer.flush();
    await one.side.close();
    // What is written before ZeroMQ has noticed may be lost: until then, every other one is.
    let written = 0;
    await until(() => {
      writer.remote.note({ text: `${written++}` });
      const last = two.heard.slice(-10).map(Number);
      return last.length === 10 && last.every((n, at) => n === (last[0] as number) + at);
    });
    // Not only once ZeroMQ would keep no more for the one that is gone.
    expect(written).toBeLessThan(1_000);
    await writer.flush();
    await until(() => two.heard.at(-1) === `${written - 1}`);
    two.heard.length = 0;
    for (let n = 0; n < 100; n++) writer.remote.note({ text: 'after' });
    await until(() => two.heard.length === 100);
  });

  it('in the order in which it was written, while ZeroMQ keeps few messages', async () => {
    const heard: string[] = [];
    const side = closing(await Work.serve('zmq+tcp://127.0.0.1:*?role=pipeline&queue=3', { logger: null }));
    side.note.connect((_sender, { text }) => void heard.push(text));
    const writer = closing(await Work.invert().connect(`${side.address}&queue=3`, { logger: null }));
    for (let n = 0; n < 5_000; n++) {
      writer.remote.note({ text: `${n}` });
      // Turns with one message, and with many.
      if (n % 100 < 10) await new Promise((resolve) => setImmediate(resolve));
    }
    await writer.flush();
    await until(() => heard.length === 5_000);
    expect(heard).toEqual(Array.from({ length: 5_000 }, (_, n) => `${n}`));
    expect(await writer.queueStats()).toEqual({ waiting: 0 });
  });

  it('before somebody serves', async () => {
    const place = await nowhere();
    const writer = await writes([place]);
    for (let n = 0; n < 3_000; n++) writer.remote.note({ text: `${n}` });
    await expect(writer.flush()).rejects.toThrow(TimeoutError);
    expect(await writer.queueStats()).toEqual({ waiting: 3_000 });
    const { heard } = await hears(`zmq+tcp://${place}?role=pipeline`);
    await until(() => heard.length === 3_000);
    expect(heard).toEqual(Array.from({ length: 3_000 }, (_, n) => `${n}`));
    await writer.flush();
    expect(await writer.queueStats()).toEqual({ waiting: 0 });
  });
});

describe('a pipeline to which nobody listens', () => {
  const bufferedBytes = 100_000;
  const text = 'x'.repeat(1_000);

  it('keeps no more than twice limits.bufferedBytes, and refuses the rest at the call', async () => {
    const writer = await writes([await nowhere()], { bufferedBytes });
    let refused: unknown;
    for (let n = 0; refused === undefined && n < 2_000; n++) {
      try {
        writer.remote.note({ text });
      } catch (error) {
        refused = error;
      }
      // The calls of the turn in which a link has come wait in front of it.
      if (n === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    expect(refused).toBeInstanceOf(ProtocolError);
    expect((refused as ProtocolError).code).toBe(Code.Busy);
    const { bufferedBytes: kept } = writer.stats();
    expect(kept).toBeGreaterThan(bufferedBytes);
    expect(kept).toBeLessThan(2 * bufferedBytes + 2_000);
    const { waiting = 0 } = await writer.queueStats();
    expect(waiting * text.length).toBeLessThanOrEqual(kept);
  });

  it('keeps what was written in the turn in which it has connected', async () => {
    const writer = await writes([await nowhere()], { bufferedBytes });
    for (let n = 0; n < 150; n++) writer.remote.note({ text });
    await until(() => writer.stats().bufferedBytes > bufferedBytes);
    expect(await writer.queueStats()).toEqual({ waiting: 150 });
  });

  it('is not taken for one that has stalled', async () => {
    const place = await nowhere();
    const writer = await writes([place], { bufferedBytes, stalledMs: 50 });
    for (let n = 0; n < 150; n++) writer.remote.note({ text });
    await expect(writer.flush()).rejects.toThrow(TimeoutError);
    const { heard } = await hears(`zmq+tcp://${place}?role=pipeline`);
    await until(() => heard.length === 150);
    writer.remote.note({ text: 'last' });
    await until(() => heard.at(-1) === 'last');
  });

  it('reports what is dropped when the writer closes', async () => {
    const log = new Log();
    const place = await nowhere();
    const writer = await writes([place], {}, log);
    for (let n = 0; n < 3; n++) writer.remote.note({ text });
    await writer.close();
    expect(log.warnings.flat()).toEqual([
      `obverse: zmq+tcp://${place}?role=pipeline was closed, and 3 messages were dropped: nobody has taken them`,
    ]);
  });
});
