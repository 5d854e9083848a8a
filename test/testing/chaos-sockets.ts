import { mkdtempSync } from 'node:fs';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChaosFault, type ChaosOptions, type ChaosProxy, chaosProxy } from 'obverse/testing';
import { expect } from 'vitest';

/** A plain socket at one end, and what it has seen. */
export class End {
  readonly seen: string[] = [];
  private text = '';

  constructor(readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.text += text;
    });
    socket.on('end', () => this.seen.push('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.seen.push(error.code ?? error.message));
    socket.on('close', () => this.seen.push('close'));
  }

  get got(): string {
    return this.text;
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Waits until all of this has come, and nothing else. */
  async gets(text: string): Promise<void> {
    await expect.poll(() => this.text, { timeout: 10_000, interval: 2 }).toBe(text);
  }

  /** Whether the other end is gone, which an end notices that sends something. */
  async gone(yes: boolean): Promise<void> {
    this.send('.');
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (yes) await expect.poll(() => this.seen.at(-1), { timeout: 10_000, interval: 2 }).toBe('close');
    else expect(this.seen).toEqual(['end']);
  }

  async sees(...what: string[]): Promise<void> {
    await expect.poll(() => this.seen, { timeout: 10_000, interval: 2 }).toEqual(what);
  }
}

/** A proxy between plain sockets: what both ends of each link see, below any protocol. */
export interface Meeting {
  readonly proxy: ChaosProxy;
  readonly faults: ChaosFault[];
  /** Dials, and returns both ends. */
  dial(): Promise<{ readonly client: End; readonly server: End }>;
  close(): Promise<void>;
}

export async function meetAtProxy(options: Partial<ChaosOptions> = {}, unix = false): Promise<Meeting> {
  const came: End[] = [];
  const faults: ChaosFault[] = [];
  const server: Server = net.createServer({ allowHalfOpen: true }, (socket) => came.push(new End(socket)));
  const path = join(mkdtempSync(join(tmpdir(), 'obverse-chaos-')), 'socket');
  await new Promise<void>((resolve) => {
    if (unix) server.listen(path, () => resolve());
    else server.listen(0, '127.0.0.1', () => resolve());
  });
  const to = unix ? `unix:${path}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy = await chaosProxy({ to, onFault: (fault) => faults.push(fault), ...options });
  const ends: End[] = [];
  return {
    proxy,
    faults,
    async dial() {
      const { port, hostname } = new URL(proxy.url);
      const before = came.length;
      const client = new End(net.connect({ host: hostname, port: Number(port), allowHalfOpen: true }));
      ends.push(client);
      await expect.poll(() => came.length, { timeout: 10_000, interval: 2 }).toBe(before + 1);
      return { client, server: came[before] as End };
    },
    async close() {
      for (const { socket } of [...ends, ...came]) socket.destroy();
      await proxy.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
