// `tsx examples/orders/main.ts [URL] [ORDERS]`: a shop of seven processes, five of which are killed at work. What becomes of each order?
// URL is sqlite: (the default), nats://HOST (with JetStream), postgres://USER@HOST/DATABASE or zmq+tcp://HOST:PORT.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from './ledger.js';
import { runShop } from './run.js';

const [url = 'sqlite:', count = '30'] = process.argv.slice(2);
const articles = ['tea', 'a kettle', 'cups', 'biscuits', 'honey', 'a tray'];
const orders = Array.from({ length: Number(count) }, (_, at) => ({
  number: at + 1,
  article: articles[at % articles.length] as string,
}));
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));

const folder = await mkdtemp(join(tmpdir(), 'orders-'));
try {
  if (orders.length === 0) throw new Error(`expected a number of orders from 1, not "${count}"`);
  process.exitCode = (await runShop(url, new Ledger(orders), folder, stop.signal)) ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = stop.signal.aborted ? 130 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
