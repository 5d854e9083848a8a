import { expect, it } from 'vitest';
import { Bar, table } from '../../examples/orders/screen.js';
import { expectNoLoss, OrdersRun } from './orders-run.js';

/* The same over NATS, PostgreSQL and ZeroMQ, and how it is stopped, is in `orders.slow.test.ts`. */

it('loses no order over sqlite, although its processes are killed', { timeout: 180_000 }, () =>
  expectNoLoss('sqlite:', 16),
);

it.each([
  ['mysql://x', '24', /^expected sqlite:, sqlite:FILE, nats:\/\/HOST, .*not "mysql:\/\/x"\n$/],
  ['zmq+tcp://127.0.0.1', '24', /^expected zmq\+tcp:\/\/HOST:PORT with a port from 1 to 65529, as in /],
  ['zmq+tcp://127.0.0.1:65530', '24', /^expected zmq\+tcp:\/\/HOST:PORT with a port from 1 to 65529, as in /],
  ['zmq+tcp://127.0.0.1:5600?nonsense=1', '24', /nonsense/],
  ['nats://127.0.0.1:1', '24', /127\.0\.0\.1:1/],
  ['sqlite:', '0', /^expected a number of orders from 1, not "0"\n$/],
  ['sqlite:', 'many', /^expected a number of orders from 1, not "many"\n$/],
  ['sqlite:/nowhere/orders.db', '24', /^sqlite: \/nowhere\/orders\.db cannot be opened: /],
])('says what is wrong with %s %s, and ends', { timeout: 60_000 }, async (url, count, text) => {
  using run = new OrdersRun([url, count]);
  const [code] = await run.over;
  expect(run.err).toMatch(text);
  expect(run.out).toBe('');
  expect(code).toBe(1);
  expect(run.left).toEqual([]);
});

it('draws a bar in one line of a terminal, below what else is written, and none elsewhere', () => {
  let drawn = '';
  const out = (isTTY: boolean) =>
    ({ isTTY, write: (text: string) => (drawn += text) }) as unknown as NodeJS.WriteStream;
  const bar = new Bar(4, out(true));
  bar.show(1, 'done');
  bar.line('killed');
  bar.clear();
  const text = `[${'#'.repeat(8)}${'.'.repeat(22)}] 1 of 4 done`;
  expect(drawn).toBe(`\r\x1b[K${text}\r\x1b[Kkilled\n\r\x1b[K${text}\r\x1b[K`);
  drawn = '';
  const none = new Bar(4, out(false));
  none.show(1, 'done');
  none.line('killed');
  none.clear();
  expect(drawn).toBe('killed\n');
});

it('aligns the columns of a table', () => {
  const rows = [
    ['order', 'article'],
    [1, 'tea'],
    [10, 'a kettle'],
  ];
  expect(table(rows)).toBe('order  article\n    1  tea\n   10  a kettle');
});
