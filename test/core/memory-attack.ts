import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { buildProgram } from '../references/built.js';

/*
 * Attacks on the memory of a server, which runs in its own process: its peak resident memory is read from the system.
 * Afterwards, a well-behaved peer must still be answered.
 */
export const MB = 1024 * 1024;
const MOST = 256 * MB;
/** The limit for attacks whose decoding leaves much garbage, which is freed when the heap is full. */
export const LEFT = 384 * MB;
/** Whether the memory of another process can be read here. */
export const measures = existsSync('/proc/self/status');
if (!measures) console.log('skipped: the peak of the memory of another process is read from /proc, which is not there');

let program: Awaited<ReturnType<typeof buildProgram>>;
let child: ChildProcess | undefined;
const sockets: net.Socket[] = [];
/** Prepares the servers of a file of tests. */
export function prepareServers(): void {
  beforeAll(async () => {
    const entryPoints = { 'core-memory': new URL('../support/core-memory.ts', import.meta.url).pathname };
    program = await buildProgram('core-memory', { entryPoints });
  });
  afterAll(() => program[Symbol.asyncDispose]());
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    child?.kill('SIGKILL');
  });
}

/** Starts a server; returns its port. */
export async function serve(codec = 'jrpc', limits = {}): Promise<number> {
  // With a heap of no more than this, a server that really held more would end.
  const execArgv = ['--max-old-space-size=256'];
  child = fork(program.path, ['tcp://127.0.0.1:0', codec, JSON.stringify(limits)], { stdio: 'inherit', execArgv });
  const [{ address }] = (await once(child, 'message')) as [{ address: string }];
  return Number(new URL(address).port);
}
/** The peak memory of the server, in bytes. */
function peak(): number {
  const status = readFileSync(`/proc/${child?.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** A peer that is not Obverse. */
export class Attacker {
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
  /** Writes, and resolves when the system has accepted it, nothing has moved for half a second, or the link has ended. */
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

/** Checks that the server answers another peer, and has used less memory than that. */
export async function survives(port: number, codec = 'jrpc', bound = MOST): Promise<void> {
  const honest = (await Attacker.connect(port)).listen();
  if (codec === 'jrpc') await honest.write('{"jsonrpc":"2.0","id":1,"method":"take","params":[1]}\n');
  else await honest.write(Uint8Array.of(0x94, 0, 1, 0xa4, ...Buffer.from('take'), 0x91, 1));
  await honest.says('taken');
  const most = peak();
  console.log(`${expect.getState().currentTestName}: ${Math.round(most / MB)} MiB`);
  expect(most).toBeLessThan(bound);
}
export const call = (id: number, method: string, params: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n`;
export const empties = (bytes: number): string => `[${'{},'.repeat(bytes / 3)}{}]`;
