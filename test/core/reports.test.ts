import { afterEach, describe, expect, it, vi } from 'vitest';
import { loggable } from '../../src/base/details.js';
import { incoming, outgoing, type Peer, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { stopClock } from '../../src/testing/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { Log, until } from '../support/core-waiting.js';

const ugly = 'a\nobverse: all is well\r\u001b[2J\u001b]0;owned\u0007\u202etxt.exe\u2028\ufeff\ud800';
const isUgly = (text: string): boolean => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}

class Counting extends Spec {
  heard = 0;
  protected override onMessageError(peer: Peer, error: unknown, id?: number | string | null): void {
    this.heard++;
    super.onMessageError(peer, error, id);
  }
}

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

async function meet(options: object = {}) {
  const played = new Played();
  const log = new Log();
  const api = await Counting.serve(played.maker, { codec: 'jrpc?hello=off', logger: log, ...options });
  await turn();
  opened.push(api);
  const visit = (name = 'far'): PlayedLink => played.visit(name, {});
  const lines = (): string[] => [...log.warnings, ...log.errors].map((line) => line.map(String).join(' '));
  return { api, visit, log, lines, heard: () => (api as unknown as Counting).heard };
}

describe('a peer that sends invalid messages endlessly', () => {
  it.each<[string, (n: number) => string]>([
    ['unknown notifications', (n) => `{"jsonrpc":"2.0","method":"nope${n}"}`],
    ['answers that match no call', (n) => `{"jsonrpc":"2.0","id":${n},"result":1}`],
    ['errors that match no call', (n) => `{"jsonrpc":"2.0","id":${n},"error":{"code":1,"message":"no"}}`],
    ['items of streams that do not exist', (n) => `{"jsonrpc":"2.0","method":"rpc.next","params":[${n},[1]]}`],
    ['notifications whose handler throws', () => '{"jsonrpc":"2.0","method":"tell"}'],
  ])(
    '%s: ten are logged, the others are counted every ten seconds, and onMessageError is called each time',
    async (_what, message) => {
      using clock = stopClock();
      const { api, visit, lines, heard } = await meet();
      api.tell.connect(() => {
        throw new Error('a bug');
      });
      const far = visit();
      for (let n = 0; n < 5_000; n++) {
        far.say(message(n));
        if (n % 500 === 499) await turn();
      }
      await until(() => heard() === 5_000);
      expect(lines()).toHaveLength(10);
      await clock.turn(10_000);
      expect(lines().slice(10)).toEqual(['obverse: … and 4990 more from far in the last 10 s']);
      // It continues, and is only counted.
      for (let n = 0; n < 7; n++) far.say(message(n));
      await clock.turn(10_000);
      expect(lines().slice(11)).toEqual(['obverse: … and 7 more from far in the last 10 s']);
      // After ten seconds without errors, reports are logged again.
      await clock.turn(10_000);
      far.say(message(1));
      expect(lines()).toHaveLength(13);
      expect(lines()[12]).not.toContain('more from');
    },
  );

  it('is counted one last time when it disconnects, and the timer stops', async () => {
    using clock = stopClock();
    const { visit, lines } = await meet();
    const far = visit();
    for (let n = 0; n < 15; n++) far.say('{"jsonrpc":"2.0","method":"nope"}');
    far.receiver.closed();
    expect(lines().at(-1)).toBe('obverse: … and 5 more from far in the last 10 s');
    const before = lines().length;
    await clock.turn(60_000);
    expect(lines()).toHaveLength(before);
  });

  it('does not suppress the reports of another peer', async () => {
    const { visit, lines } = await meet();
    const [far, other] = [visit(), visit('other')];
    for (let n = 0; n < 15; n++) far.say('{"jsonrpc":"2.0","method":"nope"}');
    other.say('{"jsonrpc":"2.0","method":"nope"}');
    expect(lines().at(-1)).toContain('obverse: other:');
  });

  it('and reconnects as a new peer each time does not fill the log either', async () => {
    using clock = stopClock();
    const { visit, lines } = await meet();
    for (let n = 0; n < 1_000; n++) {
      const far = visit(`far${n}`);
      if (n % 100 === 99) await turn();
      for (let m = 0; m < 5; m++) far.say('{"jsonrpc":"2.0","method":"nope"}');
      far.receiver.closed();
    }
    expect(lines().filter((line) => line.includes('nope'))).toHaveLength(100);
    await clock.turn(10_000);
    expect(lines().length).toBeLessThan(120);
  });

  it('receives "Internal error" endlessly: the errors behind it are limited, too', async () => {
    const { api, visit, log } = await meet({ errors: 'hidden' });
    api.ask.connect(() => {
      throw new Error('a bug');
    });
    const far = visit();
    for (let n = 0; n < 1_000; n++) far.say({ jsonrpc: '2.0', id: n, method: 'ask' });
    await turn();
    expect(log.errors).toHaveLength(10);
    expect(log.errors[0]?.[1]).toMatchObject({ message: 'a bug' });
  });

  it('does not keep the process alive', async () => {
    const { visit, lines } = await meet();
    const set = vi.spyOn(globalThis, 'setTimeout');
    try {
      const far = visit();
      for (let n = 0; n < 15; n++) far.say('{"jsonrpc":"2.0","method":"nope"}');
      expect(lines()).toHaveLength(10);
      expect(set.mock.results.length).toBeGreaterThan(0);
      for (const { value } of set.mock.results) expect((value as NodeJS.Timeout).hasRef()).toBe(false);
    } finally {
      set.mockRestore();
    }
  });
});

describe('text of a peer is logged on one line, shortened, without control characters', () => {
  const huge = `${ugly}${'x'.repeat(3_000_000)}`;

  it.each<[string, object, boolean?]>([
    ['the name of a notification', { jsonrpc: '2.0', method: ugly }],
    ['a name of 3 MB', { jsonrpc: '2.0', method: huge }],
    ['the id of an answer', { jsonrpc: '2.0', id: huge, result: 1 }],
    ['the text of an error', { jsonrpc: '2.0', id: 5, error: { code: 1, message: huge } }],
    ['the id of items', { jsonrpc: '2.0', method: 'rpc.next', params: [huge, [1]] }],
    ['the codec of a hello', { jsonrpc: '2.0', method: 'rpc.hello', params: { codec: huge } }],
    ['an invalid message', { [huge]: 1 }],
    ['the arguments that a handler throws', { jsonrpc: '2.0', method: 'tell', params: { text: huge } }],
    ['a text that a handler throws', { jsonrpc: '2.0', method: 'tell', params: { text: huge, bare: true } }],
    ['an object that a handler throws', { jsonrpc: '2.0', method: 'tell', params: { text: huge, object: true } }],
  ])('%s', async (_what, message) => {
    const { api, visit, log, lines } = await meet();
    api.tell.connect((_sender, args) => {
      const { text, bare, object } = args as { text: string; bare?: boolean; object?: boolean };
      if (object) throw { text, of: 1 };
      throw bare ? text : new TypeError(text, { cause: new Error(text) });
    });
    visit().say(JSON.stringify(message));
    await turn();
    expect(lines()).toHaveLength(1);
    const line = lines()[0] as string;
    expect(line.length).toBeLessThan(4_000);
    // Each line of the stack of an error is on its own line.
    for (const part of line.split(/\n(?= {4}at )/)) expect(isUgly(part)).toBe(false);
    for (const detail of log.warnings[0] ?? []) expect(typeof detail).toBe('string');
  });

  it('invalid frames', async () => {
    const { visit, lines } = await meet();
    visit().say(`${ugly}`);
    expect(lines()).toHaveLength(1);
    expect(isUgly(lines()[0] as string)).toBe(false);
  });

  it('the id of a message that is refused', async () => {
    const { visit, lines } = await meet();
    visit().say({ jsonrpc: '2.0', id: ugly, method: 1 });
    expect(isUgly(lines()[0] as string)).toBe(false);
    expect(lines()[0]).toContain('obverse: far (message "a\\nobverse: all is well\\r\\u001b[2J');
  });

  it('the name of a peer', async () => {
    const { visit, lines } = await meet();
    visit(ugly).say('{');
    expect(isUgly(lines()[0] as string)).toBe(false);
  });

  it('an error of a known class from a peer', async () => {
    const { api, visit, lines } = await meet();
    const far = visit();
    api.tell.connect(() => api.question(null, {}) as unknown as undefined);
    far.say({ jsonrpc: '2.0', method: 'tell' });
    await turn();
    const { id } = far.heard.at(-1);
    far.say({ jsonrpc: '2.0', id, error: { code: -32000, message: huge, data: { name: 'TypeError', stack: ugly } } });
    await turn();
    expect(lines()).toHaveLength(1);
    expect(lines()[0]?.length).toBeLessThan(6_000);
    expect(lines()[0]).not.toContain('\nobverse: all is well');
  });

  it('the lines of logCalls', async () => {
    const told: unknown[][] = [];
    const logger = { info: (...all: unknown[]) => told.push(all), warn() {}, error() {} };
    const { api, visit } = await meet({ logCalls: true, logger });
    api.setHandler('*', () => 'here');
    api.ask.connect(() => 'here');
    const far = visit(ugly);
    far.say({ jsonrpc: '2.0', id: 1, method: ugly, params: [ugly] });
    far.say({ jsonrpc: '2.0', id: 2, method: 'ask', params: { plain: 'text' } });
    far.say({ jsonrpc: '2.0', id: 3, method: 'ask', params: { text: huge, [ugly]: [ugly] } });
    await turn();
    expect(told).toHaveLength(3);
    for (const line of told) for (const part of line) if (typeof part === 'string') expect(isUgly(part)).toBe(false);
    expect(told[1]?.[1]).toEqual({ plain: 'text' });
    expect(typeof told[2]?.[1]).toBe('string');
    expect(String(told[2]?.[1]).length).toBeLessThan(4_000);
  });

  it.each<[string, () => unknown]>([
    ['a regular expression', () => new RegExp(ugly.replaceAll('[', '.'))],
    ['a long regular expression', () => new RegExp('x'.repeat(30_000))],
    ['a long URL', () => new URL(`http://far/${'x'.repeat(30_000)}`)],
    ['a large bigint', () => 10n ** 30_000n],
    ['a function with such a name', () => ({ [ugly]() {} })[ugly]],
    ['a boxed text', () => Object(ugly)],
  ])('%s among what is logged', (_what, value) => {
    for (const given of [
      value(),
      { within: [value()] },
      new Map([[1, value()]]),
      new Error('of it', { cause: value() }),
    ]) {
      const shown = loggable(given);
      expect(typeof shown).toBe('string');
      expect((shown as string).length).toBeLessThan(4_000);
      for (const part of (shown as string).split(/\n(?= {4}at )/)) expect(isUgly(part)).toBe(false);
    }
    for (const fine of [/a.b/g, new URL('http://far/'), 5n, isUgly]) expect(loggable(fine)).toBe(fine);
  });

  it('text that is short and printable is logged unchanged', async () => {
    const { api, visit, log } = await meet();
    const bug = new RangeError('a bug');
    api.tell.connect(() => {
      throw bug;
    });
    visit().say({ jsonrpc: '2.0', method: 'tell' });
    expect(log.warnings).toEqual([['obverse: tell from far:', bug]]);
  });
});
