import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/pages.js';
import { until } from '../support/core-waiting.js';

/*
 * The conversations of docs/wire.md, with the peer in Python in the place of Obverse, and in the place of the other
 * peer. Choices of a peer are not compared: its ids, how it joins items, its tags, and the texts of errors.
 */

const absent = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).status !== 0;
const why = absent ? ' (n/a: there is no python3 of 3.11 or later)' : '';
const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };

function python(name: string, ...args: string[]): { program: ChildProcess; lines: string[] } {
  const path = fileURLToPath(new URL(`python/${name}.py`, import.meta.url));
  const program = spawn('python3', [path, ...args], { env });
  const lines: string[] = [];
  program.stderr.resume();
  createInterface(program.stdout).on('line', (line) => lines.push(line));
  return { program, lines };
}

interface Message {
  jsonrpc?: string;
  id?: unknown;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; data?: { name?: string } };
}
interface Said {
  readonly way: '>' | '<';
  readonly text: string;
  readonly message: Message;
}

/**
 * Parts that only Obverse has: numbers of JavaScript, batches, the end of one direction, `$rpc` without an
 * announcement.
 */
const OWN =
  /9007199254740993|^> \[(?!\{"jsonrpc":"2.0","id":1,"method":"add","params":\{"a":1,"b":2\}\},\{"jsonrpc":"2.0","id")|^# end/m;
const PLAIN = /^> .*"id":2,"method":"echo","params":\{"value":\{"\$rpc"/m;

const conversations = blocksOf('docs/wire.md')
  .filter(({ info, code }) => info === 'wire tcp jrpc' && !OWN.test(code) && !PLAIN.test(code))
  .map(({ line, code }) => ({ line, said: code.trimEnd().split('\n').map(saidIn) }));

function saidIn(line: string): Said {
  const text = line.slice(2);
  return { way: line[0] as '>' | '<', text, message: text.startsWith('no ') ? {} : (JSON.parse(text) as Message) };
}

const isMark = ({ method, params }: Message): boolean =>
  (method === 'rpc.next' || method === 'rpc.pull') && (params as unknown[])[0] === null;

/** The ids of the page, and the corresponding ids of this conversation. */
class Ids {
  private readonly used = new Map<unknown, unknown>();
  private readonly passed = new Map<unknown, unknown>();
  /** The caller uses `id` where the page has `written`. */
  note(written: unknown, id: unknown): void {
    if (id !== undefined) this.used.set(written, id);
  }
  /** A passed value has the number of `came`, and another one in the page. */
  pass(written: unknown, came: unknown): void {
    const numberIn = (value: unknown): number =>
      Number(/"\$rpc":\["(?:fn|stream)",(\d+)/.exec(JSON.stringify(value))?.[1]);
    this.passed.set(numberIn(written), numberIn(came));
  }
  /** A message of the page about calls of Python, with its ids. */
  put({ ...message }: Message): Message {
    const { method, params } = message;
    if (method === undefined) message.id = this.of(message.id);
    else if (method === 'rpc.next' || method === 'rpc.progress')
      message.params = [this.of((params as unknown[])[0]), ...(params as unknown[]).slice(1)];
    else if (method === 'rpc.stream' || method === 'rpc.call') {
      const [number, ...rest] = params as unknown[];
      message.params = [this.passed.get(number) ?? number, ...rest];
    } else if (method === 'rpc.about' && 'answer' in (params as object))
      message.params = { ...(params as object), answer: this.of((params as { answer: unknown }).answer) };
    return message;
  }
  private of(id: unknown): unknown {
    return this.used.has(id) ? this.used.get(id) : id;
  }
}

/** Reads what Python writes, without its pulls, whose number is its choice. */
class Heard {
  readonly messages: Message[] = [];
  pulls = 0;
  constructor(private readonly socket: Socket) {
    socket.on('error', () => {});
    createInterface(socket)
      .on('line', (line) => {
        const message = JSON.parse(line) as Message;
        if (message.method === 'rpc.pull') this.pulls++;
        else this.messages.push(message);
      })
      .on('error', () => {});
  }
  write(message: Message | string): void {
    this.socket.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  }
  async next(): Promise<Message> {
    await until(() => this.messages.length > 0);
    return this.messages.shift() as Message;
  }
  /** The next message is that of the page, about a call of Python if it has an id of Python's. */
  async expect(written: Message, ids: Ids): Promise<void> {
    const came = await this.next();
    const { method, params } = written;
    if (written.error !== undefined) {
      const { id, error } = came;
      expect([id, error?.code, error?.data?.name]).toEqual([written.id, written.error.code, written.error.data?.name]);
    } else if (method === 'rpc.next') {
      const [id, items] = params as [unknown, unknown[]];
      const given = [...(came.params as [unknown, unknown[]])[1]];
      while (given.length < items.length) given.push(...((await this.next()).params as [unknown, unknown[]])[1]);
      expect([came.method, (came.params as unknown[])[0], given]).toEqual([method, id, items]);
    } else if (method === 'rpc.cancel') expect(came.method).toBe(method);
    else if (method === 'rpc.hello') {
      // This peer has no heartbeat.
      const { beat: _beat, ...fields } = params as { beat: number };
      expect(came.params).toEqual(fields);
    } else if (method === 'rpc.about' && 'call' in (params as object)) {
      const { call, ...about } = came.params as { call: unknown };
      ids.note((params as { call: unknown }).call, call);
      expect({ ...about, call: (params as { call: unknown }).call }).toEqual(params);
    } else {
      if (method !== undefined) ids.note(written.id, came.id);
      expect(method === undefined || written.id === undefined ? came : { ...came, id: written.id }).toEqual(written);
    }
  }
}

describe.skipIf(absent)(`in the place of Obverse, Python${why}`, () => {
  let server: ReturnType<typeof python>;
  beforeAll(async () => {
    server = python('demo');
    await until(() => server.lines.length === 1);
  }, 60_000);
  afterAll(() => server.program.stdin?.end());

  it('has conversations to follow', () => expect(conversations.length).toBeGreaterThan(12));
  it.each(conversations)('writes what docs/wire.md:$line specifies', async ({ said }) => {
    const socket = connect(Number(server.lines[0]), '127.0.0.1');
    await once(socket, 'connect');
    const heard = new Heard(socket);
    const ids = new Ids();
    try {
      for (const { way, text, message } of said) {
        if (way === '>') heard.write(message.jsonrpc === undefined ? text : ids.put(message));
        else if (!isMark(message)) await heard.expect(message, ids);
      }
      expect(heard.messages).toEqual([]);
    } finally {
      socket.destroy();
    }
  });
});

/** Whether Python can be instructed to write it: requests with their options, and the results of its handlers. */
const SAYS =
  /^(?:add|echo|greet|tell|fail|notes|climb|ask|count|spell|sum|visit|visitor|rpc\.about|rpc\.call|rpc\.release)$/;
const says = ({ message }: Said): boolean =>
  ('result' in message && !Array.isArray(message.result)) ||
  (message.method === 'rpc.next' && !isMark(message) && (message.params as [unknown, unknown[]])[1].length > 0) ||
  message.method === 'rpc.pull' ||
  (message.method !== undefined && SAYS.test(message.method) && message.id !== null);

describe.skipIf(absent)(`in the place of the other peer, Python${why}`, () => {
  const fitting = conversations.filter(({ said }) => said.every((each) => each.way === '<' || says(each)));
  it('has conversations to follow', () => expect(fitting.length).toBeGreaterThan(5));
  it.each(fitting)('writes what docs/wire.md:$line specifies', async ({ said }) => {
    const listening = createServer().listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const joined = once(listening, 'connection') as Promise<[Socket]>;
    const caller = python('caller', String((listening.address() as AddressInfo).port));
    const [socket] = await joined;
    const heard = new Heard(socket);
    expect((await heard.next()).method).toBe('rpc.hello');
    const ids = new Ids();
    let about: Message | undefined;
    const outcomes: [id: unknown, outcome: object][] = [];
    try {
      for (const { way, message } of said) {
        const { id, method, params } = message;
        if (way === '<') {
          if (isMark(message)) continue;
          if (method === undefined) outcomes.push([id, outcomeOf(message)]);
          heard.write(ids.put(message));
          await until(() => caller.lines.length === outcomes.length);
        } else if (method === 'rpc.about') about = { ...about, ...(params as object) };
        else if (method === undefined || method === 'rpc.next') await heard.expect(message, ids);
        else if (method === 'rpc.pull') await until(() => heard.pulls > 0);
        else {
          caller.program.stdin?.write(`${JSON.stringify({ id, method, params, about: about ?? {} })}\n`);
          const { call: _call, ...expected } = (about ?? {}) as { call?: unknown };
          if (about !== undefined) {
            await heard.expect({ method: 'rpc.about', params: { call: id ?? null, ...expected } }, ids);
            about = undefined;
          }
          const came = await heard.next();
          if (id !== undefined) ids.note(id, came.id);
          ids.pass(params, came.params);
          const tagged = JSON.stringify(params)?.includes('$rpc') === true;
          expect(tagged ? came.method : [came.method, came.params]).toEqual(tagged ? method : [method, params]);
        }
      }
      const told = caller.lines.map((line) => JSON.parse(line) as { id: unknown });
      for (const [id, outcome] of outcomes) expect(told.find((each) => each.id === id)).toMatchObject(outcome);
    } finally {
      caller.program.kill();
      socket.destroy();
      listening.close();
    }
  });
});

function outcomeOf({ result, error }: Message): object {
  return error === undefined ? { result } : { code: error.code };
}
