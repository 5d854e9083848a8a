import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Options, standardTypes, type TransportSource } from '../../src/index.js';
import { type Balance, balance } from '../../transports/balance.js';
import { type Caller, Jobs, type Worker } from '../services/service-spec.js';
import { until } from '../support/core-waiting.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const side of open.splice(0).reverse()) await side.close();
});

/** Closes it after the test; what is added last is closed first. */
export function atEnd<S extends { close(): Promise<void> }>(side: S): S {
  open.push(side);
  return side;
}

let made = 0;
export const roomName = (): string => `memory:balance${++made}`;
export const socketPath = (): string => `unix:${join(mkdtempSync(join(tmpdir(), 'balance-')), 's')}`;

/** A server that tells its name, closed after the test. */
export async function serve(name: string, address = 'tcp://127.0.0.1:0', options: Options = {}): Promise<Worker> {
  const side = atEnd(await Jobs.serve(address, { logger: null, types: standardTypes, ...options }));
  side.who.connect(() => name);
  return side;
}

/** Servers that tell their names, `s0`, `s1` and so on. */
export function serveAll(count: number): Promise<Worker[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => serve(`s${n}`)));
}

export async function connect(source: TransportSource, options: Options = {}): Promise<Caller> {
  return atEnd(
    await Jobs.invert().connect(source, { logger: null, types: standardTypes, timeout: 60_000, ...options } as Options),
  );
}

/** A client of all servers, and its balance, once each of them is up. */
export async function balanced(
  servers: readonly (Worker | TransportSource)[],
  how: Parameters<typeof balance>[1] = {},
  options: Options = {},
): Promise<{ readonly client: Caller; readonly servers: Balance }> {
  const sources = servers.map((each) => (each as Partial<Worker>).address ?? (each as TransportSource));
  const parts = balance(sources, { delay: [1, 50], ...how });
  const client = await connect(parts, options);
  await allUp(parts);
  return { client, servers: parts };
}

export function allUp(servers: Balance): Promise<void> {
  return until(() => servers.parts.every(({ isUp }) => isUp));
}

/** How often each text is there. */
export function counts(texts: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const text of texts) found[text] = (found[text] ?? 0) + 1;
  return found;
}
