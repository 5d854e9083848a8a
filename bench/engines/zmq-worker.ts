import { Pull, Router } from 'zeromq';
import { NOTES, Sums } from './zmq-spec.js';

/** The worker of all contestants, in a process of its own. It tells its addresses, and the name of a pipeline at the last note of each series. */
const anywhere = 'tcp://127.0.0.1:*';
const addresses: Record<string, string> = {};

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: { readonly a: number; readonly b: number; readonly n: number };
}

const router = new Router({ sendTimeout: 0 });
await router.bind(anywhere);
addresses.calls = router.lastEndpoint as string;
void (async () => {
  for await (const [peer, text] of router) {
    const { id, method, params } = JSON.parse(String(text)) as Call;
    const result = method === 'add' ? params.a + params.b : undefined;
    void router.send([peer as Buffer, JSON.stringify({ jsonrpc: '2.0', id, result })]);
  }
})();

const pull = new Pull();
await pull.bind(anywhere);
addresses.notes = pull.lastEndpoint as string;
void (async () => {
  for await (const [text] of pull) {
    const { method, params } = JSON.parse(String(text)) as Call;
    if (method === 'note' && params.n === NOTES - 1) process.send?.('bare');
  }
})();

for (const codec of ['jrpc', 'msgpack'] as const) {
  const calls = await Sums.serve(`zmq+${anywhere}`, { codec });
  calls.add.connect((_sender, { a, b }) => a + b);
  addresses[`calls, ${codec}`] = calls.address;
  const notes = await Sums.serve(`zmq+${anywhere}?role=pipeline`, { codec });
  notes.note.connect((_sender, { n }) => {
    if (n === NOTES - 1) process.send?.(codec);
  });
  addresses[`notes, ${codec}`] = notes.address;
}
process.send?.(addresses);
process.on('disconnect', () => process.exit());
