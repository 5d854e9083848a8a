import { incoming, type Logger, RemoteAPI, type Reply, type Sender } from 'obverse';
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest';

class Room extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
}

let printed: MockInstance<typeof console.error>;
let out: MockInstance<typeof process.stdout.write>;
beforeEach(() => {
  printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  out = vi.spyOn(process.stdout, 'write');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
const lines = (): string[] => printed.mock.calls.map(([line]) => String(line));

let rooms = 0;
async function talk(text: string, options: { codec?: string; logger?: Logger } = {}): Promise<void> {
  const room = await Room.serve(`memory:printed-${++rooms}:`, options);
  room.echo.connect((_sender, args) => args.text);
  const visitor = await Room.invert().connect(`memory:printed-${rooms}:ann`, options);
  expect(await visitor.remote.echo({ text })).toBe(text);
  await visitor.close();
  await room.close();
}

it('OBVERSE_DEBUG=messages prints messages in both directions and with the peer, and nothing to stdout', async () => {
  vi.stubEnv('OBVERSE_DEBUG', 'messages');
  await talk('hello');
  expect(lines()).toContain('obverse Room ← ann: {"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"hello"}}');
  expect(lines()).toContain('obverse Room → ann: {"jsonrpc":"2.0","id":1,"result":"hello"}');
  // Both sides are in this process: each line names its side.
  expect(lines().some((line) => /^obverse Room\.invert\(\) → .+: \{.*"method":"echo"/.test(line))).toBe(true);
  expect(lines()).toHaveLength(8);
  expect(out).not.toHaveBeenCalled();
});

it('messages of a binary codec are printed as values', async () => {
  vi.stubEnv('OBVERSE_DEBUG', ' messages,');
  await talk('hello', { codec: 'msgpack' });
  expect(lines().join('\n')).toMatch(/obverse Room ← ann: call 1 echo \[\{"text": "hello"\}\]/);
  expect(lines().join('\n')).toMatch(/obverse Room → ann: reply 1 "hello"/);
});

it('a long message is shortened and its control characters are escaped: a message cannot flood or control a terminal', async () => {
  vi.stubEnv('OBVERSE_DEBUG', 'messages');
  await talk(`\u001b[2J${'x'.repeat(100_000)}`);
  for (const line of lines()) {
    expect(line.length).toBeLessThan(1_200);
    expect(line).not.toContain('\u001b');
  }
});

it('nothing is printed by default', async () => {
  await talk('hello');
  expect(lines()).toEqual([]);
});

it.each([
  ['OBVERSE_DEBUG', '1', 'mesages', 'messages'],
  ['OBVERSE_CALL_SITES', 'yes', 'true', '1'],
])('a value that %s does not know is reported, once for the process', async (variable, one, two, known) => {
  const told: string[] = [];
  const logger = { warn: (text: string) => told.push(text), error: (text: string) => told.push(text) };
  for (const off of ['', '0', 'off', known]) {
    vi.stubEnv(variable, off);
    await talk('hello', { logger });
  }
  expect(told).toEqual([]);
  for (const word of [one, two]) {
    vi.stubEnv(variable, word);
    await talk('hello', { logger });
  }
  expect(told).toEqual([
    `obverse: the environment variable ${variable} is "${one}", which is not known; expected ${known}`,
  ]);
});
