import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../references/built.js';

/*
 * Attacks on the memory of a server, which runs in a process of its own: its resident memory is read from the system, at its
 * peak. Afterwards a peer that does nothing wrong is still answered.
 */
const MB = 1024 * 1024;
const MOST = 256 * MB;
const measures = existsSync('/proc/self/status');
if (!measures) console.log('skipped: the peak of the memory of another process is read from /proc, which is not there');

let program: Awaited<ReturnType<typeof buildProgram>>;
let child: ChildProcess | undefined;
const sockets: net.Socket[] = [];
beforeAll(async () => {
  const entryPoints = { 'core-memory': new URL('../support/core-memory.ts', import.meta.url).pathname };
  program = await buildProgram('core-memory', { entryPoints });
});
afterAll(() => program[Symbol.asyncDispose]());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  child?.kill('SIGKILL');
});

async function serve(codec = 'jrpc', limits = {}): Promise<number> {
  // With a heap of no more than that, a server that really held more would end.
  const execArgv = ['--max-old-space-size=256'];
  child = fork(program.path, ['tcp://127.0.0.1:0', codec, JSON.stringify(limits)], { stdio: 'inherit', execArgv });
  const [{ address }] = (await once(child, 'message')) as [{ address: string }];
  return Number(new URL(address).port);
}
/** The most memory that the server has had, in bytes. */
function peak(): number {
  const status = readFileSync(`/proc/${child?.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

class Attacker {
  over = false;
  private heard = '';
  constructor(readonly socket: net.Socket) {
    sockets.push(socket);
    socket
      .on('error', () => {})
      .on('close', () => {
        this.over = true;
      });
  }
  static async connect(port: number): Promise<Attacker> {
    const socket = net.connect(port, '127.0.0.1');
    const attacker = new Attacker(socket);
    await once(socket, 'connect').catch(() => {});
    return attacker;
  }
  /** Writes, and resolves when the system has taken it, nothing goes on for half a second, or the link has ended. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.over || this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      let left = -1;
      const look = setInterval(() => {
        if (this.over || left === this.socket.writableLength) done();
        left = this.socket.writableLength;
      }, 500);
      const done = (): void => {
        clearInterval(look);
        resolve();
      };
      this.socket.write(data, done);
    });
  }
  listen(): this {
    this.socket.on('data', (chunk) => {
      this.heard = (this.heard + String(chunk)).slice(-1_000);
    });
    return this;
  }
  async says(text: string): Promise<void> {
    while (!this.heard.includes(text) && !this.over)
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]).catch(() => {});
    expect(this.heard).toContain(text);
  }
}

async function survives(port: number, codec = 'jrpc', bound = MOST): Promise<void> {
  const honest = (await Attacker.connect(port)).listen();
  if (codec === 'jrpc') await honest.write('{"jsonrpc":"2.0","id":1,"method":"take","params":[1]}\n');
  else await honest.write(Uint8Array.of(0x94, 0, 1, 0xa4, ...Buffer.from('take'), 0x91, 1));
  await honest.says('taken');
  const most = peak();
  console.log(`${expect.getState().currentTestName}: ${Math.round(most / MB)} MiB`);
  expect(most).toBeLessThan(bound);
}
const call = (id: number, method: string, params: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n`;
const empties = (bytes: number): string => `[${'{},'.repeat(bytes / 3)}{}]`;

describe.skipIf(!measures)('a server keeps its memory bounded, and answers others', { timeout: 120_000 }, () => {
  it('under 60 calls of 20 MB each, whose handlers do not end', async () => {
    const port = await serve('jrpc', { frameBytes: 64 * MB });
    const attacker = await Attacker.connect(port);
    const text = 'x'.repeat(20 * MB);
    for (let id = 1; id <= 60 && !attacker.over; id++) await attacker.write(call(id, 'hold', `["${text}"]`));
    await survives(port);
  });

  it('under calls of 1 MB each of many peers, whose handlers do not end', async () => {
    const port = await serve();
    const text = 'x'.repeat(MB - 1_000);
    const attackers = await Promise.all(Array.from({ length: 20 }, () => Attacker.connect(port)));
    for (let id = 1; id <= 20; id++)
      await Promise.all(attackers.map((attacker) => attacker.write(call(id, 'hold', `["${text}"]`))));
    await survives(port);
  });

  it('under 256 calls with answers of 10 MB that nobody reads', async () => {
    const port = await serve();
    const attacker = await Attacker.connect(port);
    attacker.socket.pause();
    for (let id = 1; id <= 256; id++) await attacker.write(call(id, 'large', `{"size":${10 * MB}}`));
    await survives(port);
  });

  it('under answers of 1 MB that many peers do not read', async () => {
    const port = await serve();
    const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
    for (const { socket } of attackers) socket.pause();
    for (let id = 1; id <= 20; id++)
      for (const attacker of attackers) await attacker.write(call(id, 'large', `{"size":${MB}}`));
    await survives(port, 'jrpc', 320 * MB);
  });

  it('under six frames of 33 MB of empty objects', async () => {
    const port = await serve();
    const attacker = await Attacker.connect(port);
    for (let id = 1; id <= 6; id++) await attacker.write(call(id, 'hold', `[${empties(33 * MB)}]`));
    await survives(port);
  });

  // What decoding leaves behind is freed when the heap is full.
  const LEFT = 384 * MB;

  it('under frames of 1 MB of empty objects of many peers', async () => {
    const port = await serve();
    const params = `[${empties(MB - 1_000)}]`;
    const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
    for (let id = 1; id <= 3; id++) for (const attacker of attackers) await attacker.write(call(id, 'hold', params));
    await survives(port, 'jrpc', LEFT);
  });

  it('under batches of 1 MB of many peers, in which a call of empty objects comes behind a small one', async () => {
    const port = await serve();
    const params = `[${empties(MB - 1_000)}]`;
    const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
    for (let id = 1; id <= 6; id += 2) {
      const frame = `[${call(id, 'hold', '[1]').trim()},${call(id + 1, 'hold', params).trim()}]\n`;
      for (const attacker of attackers) await attacker.write(frame);
    }
    await survives(port, 'jrpc', LEFT);
  });

  it('under calls of 250 bytes of many peers, which wait for handlers that do not end', async () => {
    const port = await serve();
    let frames = '';
    for (let id = 1; id <= 1_250; id++) frames += call(id, 'hold', `[${empties(180)}]`);
    const attackers = await Promise.all(Array.from({ length: 250 }, () => Attacker.connect(port)));
    await Promise.all(attackers.map((attacker) => attacker.write(frames)));
    await survives(port, 'jrpc', LEFT);
  });

  it.each([0x80, 0x90])(
    'under frames of 1 MB of the bytes %i of many peers, in MessagePack, but for what decoding leaves behind',
    async (byte) => {
      const port = await serve('msgpack');
      const size = MB - 1_000;
      const frame = Buffer.alloc(size + 20, byte);
      const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
      for (let id = 1; id <= 3; id++) {
        frame.set([0x94, 0, id, 0xa4, ...Buffer.from('hold'), 0x91, 0xdd], 0);
        const at = 10;
        frame.writeUInt32BE(size, at);
        for (const attacker of attackers) await attacker.write(frame.subarray(0, at + 4 + size));
      }
      // 72 MB for each frame.
      await survives(port, 'msgpack', LEFT);
    },
  );

  it.each([
    ['2 MB', 2 * MB],
    ['just under 1 MB', MB - 10_000],
  ])('under 1,000 links with half a frame of %s', async (_size, size) => {
    const port = await serve();
    const half = `{"jsonrpc":"2.0","id":1,"method":"hold","params":["${'x'.repeat(size / 2)}`;
    for (let n = 0; n < 1_000; n += 50) {
      const attackers = await Promise.all(Array.from({ length: 50 }, () => Attacker.connect(port)));
      await Promise.all(attackers.map((attacker) => attacker.write(half)));
    }
    await survives(port);
  });
});
