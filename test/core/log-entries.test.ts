import { incoming, type LogEntry, RemoteAPI, type Reply, type Sender, UsageError } from 'obverse';
import pino from 'pino';
import { expect, it } from 'vitest';

class Room extends RemoteAPI {
  @incoming tell(_sender: Sender, _args: { text: string }): void {}
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<number> {}
}

let rooms = 0;
/** A notification whose handler throws, and a request that is answered. */
async function talk(options: NonNullable<Parameters<typeof Room.create>[0]>): Promise<void> {
  const room = await Room.serve(`memory:log-entries-${++rooms}:`, options);
  const visitor = await Room.invert().connect(`memory:log-entries-${rooms}:ann`);
  room.tell.connect(() => {
    throw new RangeError('the text is too long');
  });
  room.ask.connect(() => 1);
  visitor.remote.tell({ text: 'hello' });
  await visitor.remote.ask();
  await visitor.close();
  await room.close();
}

it('a logger with log(entry) receives the error, the peer and the method', async () => {
  const entries: LogEntry[] = [];
  await talk({ logger: { log: (entry) => entries.push(entry) } });
  expect(entries).toEqual([
    {
      level: 'warn',
      event: 'message.error',
      message: 'obverse: tell from ann: RangeError: the text is too long',
      peer: 'ann',
      method: 'tell',
      error: expect.any(RangeError),
    },
  ]);
});

it('pino receives the error with its stack, and the level', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const logger = {
    log: ({ level, message, error, ...fields }: LogEntry) => log[level]({ ...fields, err: error }, message),
  };
  await talk({ logger, logCalls: true });
  const trouble = lines.find(({ event }) => event === 'message.error');
  expect(trouble).toMatchObject({
    level: pino.levels.values.warn,
    msg: 'obverse: tell from ann: RangeError: the text is too long',
    peer: 'ann',
    err: { type: 'RangeError', stack: expect.stringContaining('log-entries.test.ts') },
  });
  const call = lines.find(({ event, method }) => event === 'call' && method === 'ask');
  expect(call).toMatchObject({ level: pino.levels.values.info, peer: 'ann' });
});

it('a logger of entries may throw, and is distinguished from a logger of texts by its warn', async () => {
  await talk({
    logger: {
      log() {
        throw new Error('the disk is full');
      },
    },
  });
  const told: unknown[][] = [];
  const logger = { log: () => told.push([]), warn: (...what: unknown[]) => told.push(what), error() {} };
  await talk({ logger });
  expect(told).toEqual([['obverse: tell from ann:', expect.any(RangeError)]]);
});

it('a logger may be asynchronous and reject, which does not end the process', async () => {
  let asked = 0;
  const fail = (): Promise<never> => {
    asked++;
    return Promise.reject(new Error('the disk is full'));
  };
  await talk({ logger: { log: fail }, logCalls: true });
  await talk({ logger: { warn: fail, error: fail, info: fail } as never, logCalls: true });
  await talk({ logCalls: fail as never, logger: null });
  expect(asked).toBeGreaterThan(5);
  await talk({ logErrors: fail as never, logger: null });
  // Unhandled rejections are reported once the microtasks of a turn are done.
  await new Promise((resolve) => setImmediate(resolve));
});

it('a logger may close the side that it reports for', async () => {
  const events: string[] = [];
  const room = await Room.serve(`memory:log-entries-${++rooms}:`, {
    logger: {
      log({ event }) {
        events.push(event);
        void room.close();
      },
    },
  });
  const visitor = await Room.invert().connect(`memory:log-entries-${rooms}:ann`, { logger: null });
  room.tell.connect(() => {
    throw new RangeError('the text is too long');
  });
  visitor.remote.tell({ text: 'hello' });
  await expect(visitor.remote.ask()).rejects.toThrow('ended: the other side closed it');
  expect(events).toEqual(['message.error']);
  await visitor.close();
});

it('a logger with neither function is refused', () => {
  expect(() => Room.create({ logger: {} as never })).toThrow(UsageError);
  expect(() => Room.create({ logger: { log: 1 } as never })).toThrow(/an object with log\(entry\)/);
});
