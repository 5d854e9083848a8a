import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { engines as databases } from '../durable/engines.js';
import { until } from '../support/core-waiting.js';
import type { Engine, Found } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';

/** A key with which a task is not stored, once `refuse` was called. */
export const REFUSED = 'refused'.padEnd(250, '-');

/** An engine that keeps tasks: what its tests need, and what holds over it. */
export interface QueueEngine {
  /** The program that it needs, if it needs one. */
  readonly program?: Found | undefined;
  start(): Promise<void>;
  end(): Promise<void>;
  /** Where a queue is. */
  address(queue: string): string;
  /** Options of the address of a side that receives everything, under this name. */
  everything(name: string): string;
  /** Makes a rule: a task with the key `REFUSED` is not stored. */
  refuse(queue: string): Promise<void>;
  /** Why tasks are dead. */
  dead(queue: string): Promise<readonly string[]>;
  /** Resolves when the lease of a task of the queue that is at work has begun anew. */
  renewed(queue: string): Promise<void>;
  /** Restarts its server, if it has one; `meanwhile` is called while it is down. */
  restart?: ((meanwhile: () => Promise<void>) => Promise<void>) | undefined;
  /** The cells of the table. */
  readonly guarantees: Readonly<Record<string, string>>;
}

/** What holds over all of them. */
const COMMON = {
  delivery: 'at least once',
  '`flush`': 'resolves when all is stored, rejects if it is not',
  'everyone receives everything, from the beginning, a task or now on': 'readers, in strict order',
  'tasks are shared among servers': 'each gets what it can handle',
  'a server is slow': 'it has at most `inFlight` tasks',
  'more is written than is stored': 'refused above twice `limits.bufferedBytes`',
  'nobody serves': 'kept',
  'the server is killed': 'another one after its `lease`',
  'the server is killed in each attempt': 'dead',
  'a handler works longer than its `lease`': 'the lease is renewed',
  progress: 'no',
  'a cancelled call is cancelled at its handler': 'no',
  'the server calls its caller': 'no',
  'functions and objects as arguments': 'no',
  '`null` on a server: all clients': 'no',
  topics: 'no',
  '`attempts`': 'yes',
};

const DATABASE = {
  ...COMMON,
  'what one turn writes': 'all or nothing',
  order: 'by priority, then as written',
  'a server has too many calls': 'the task is given back; the attempt does not count',
  'the server is closed': 'given back at once; the attempt does not count',
  'the caller is killed': 'goes on, the answer is kept',
  'a handler throws': 'an `RpcError` is the answer; else again, then dead',
  'a dead task': 'in the table, with the reason',
  requests: 'answered, also later and in another process',
  streams: 'one list as a result',
  '`key`': 'carried out once, for `keep` after its end',
  '`delay`': 'yes',
  '`priority`': 'yes',
  '`queueStats()`': '`waiting`, `taken`, `dead`, `oldest`',
};

const RESTARTED = 'workers go on; `flush` waits, and rejects after `limits.connectMs`';

function database(name: 'sqlite' | 'postgres', sql: string, restarted: string): QueueEngine {
  const engine = databases[name]();
  const { program, restart } = engine;
  let isRuled = false;
  const valuesOf = async (column: string, queue: string, state: string): Promise<readonly string[]> => {
    const rows = `SELECT ${column} AS value FROM obverse_tasks WHERE queue = '${queue}' AND state = '${state}' ORDER BY id`;
    return (await engine.sql(rows)).map(({ value }) => String(value));
  };
  return {
    program,
    start: () => engine.start(),
    end: () => engine.end(),
    address: (queue) => engine.address(queue),
    everything: (name) => `&reader=${name}`,
    refuse: async () => {
      if (!isRuled) await engine.sql(sql);
      isRuled = true;
    },
    dead: (queue) => valuesOf('error', queue, 'dead'),
    renewed: async (queue) => {
      const due = async (): Promise<string> => String(await valuesOf('due', queue, 'taken'));
      const first = await due();
      while ((await due()) === first) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    restart,
    guarantees: { ...DATABASE, 'the database or broker is restarted': restarted },
  };
}

function stream(): QueueEngine {
  let engine: Engine;
  let bare: NatsConnection;
  const observer = () => connect({ servers: `127.0.0.1:${engine.port}`, reconnect: false });
  const manager = () => jetstreamManager(bare);
  return {
    program: nats,
    start: async () => {
      engine = await startNats({ jetstream: true });
      bare = await observer();
    },
    end: async () => {
      await bare.close();
      await engine.end();
    },
    address: (queue) => `nats://127.0.0.1:${engine.port}/jobs.${queue}?stream=${queue}`,
    everything: (name) => `&consumer=${name}`,
    // The key is a part of the message.
    refuse: async (queue) => {
      const { streams } = await manager();
      await streams.update(queue, { max_msg_size: 250 });
    },
    dead: async (queue) => {
      const { streams } = await manager();
      const { state } = await streams.info(queue);
      const reasons: string[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await streams.getMessage(queue, { seq });
        if (message?.subject === `jobs.${queue}._dead`) reasons.push(message.header.get('Obverse-Reason'));
      }
      return reasons;
    },
    renewed: async (queue) => {
      let isRenewed = false;
      const callback = (_error: unknown, message: { string(): string }): void => {
        isRenewed ||= message.string() === '+WPI';
      };
      const subscription = bare.subscribe(`$JS.ACK.${queue}.>`, { callback });
      await until(() => isRenewed);
      subscription.unsubscribe();
    },
    restart: async (meanwhile) => {
      await bare.close();
      await engine.stop();
      await meanwhile();
      await engine.start();
      bare = await observer();
    },
    guarantees: {
      ...COMMON,
      'what one turn writes': 'one by one',
      order: 'as written',
      'a server has too many calls': 'the task waits there; the attempt does not count',
      'everyone receives everything, from the beginning, a task or now on': 'consumers',
      'the server is closed': 'given back at once; the attempt may count',
      'the caller is killed': 'goes on',
      'the database or broker is restarted': RESTARTED,
      'a handler throws': 'again, then dead',
      'a dead task': 'under `<subject>._dead`, with the reason',
      requests: 'no',
      streams: 'no',
      '`key`': 'stored once, for `dedupe`',
      '`delay`': 'no',
      '`priority`': 'no',
      '`queueStats()`': '`stored`, `dead`; of a server `waiting`, `taken` too',
    },
  };
}

/** What is true of each task that is stored. */
const rule = (key: string): string => `${key} IS NULL OR ${key} <> '${REFUSED}'`;

/** By their names. Only the addresses differ. */
export const queues: Readonly<Record<string, QueueEngine>> = {
  sqlite: database(
    'sqlite',
    `CREATE TRIGGER rule BEFORE INSERT ON obverse_tasks WHEN NOT (${rule('NEW.key')}) BEGIN SELECT RAISE(ABORT, 'refused by a rule'); END`,
    '–',
  ),
  postgres: database('postgres', `ALTER TABLE obverse_tasks ADD CONSTRAINT rule CHECK (${rule('key')})`, RESTARTED),
  nats: stream(),
};
