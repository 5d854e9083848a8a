import { connect } from '@nats-io/transport-node';
import { Sums } from './nats-spec.js';

/** The worker of all contestants, in a process of its own. */
const server = process.argv[2] as string;

const client = await connect({ servers: server });
client.subscribe('bare', {
  queue: 'workers',
  callback: (_error, message) => {
    const { id, method, params } = message.json<{ id: number; method: string; params: { a: number; b: number } }>();
    const result = method === 'add' ? params.a + params.b : undefined;
    message.respond(JSON.stringify({ jsonrpc: '2.0', id, result }));
  },
});
await client.flush();
for (const codec of ['jrpc', 'msgpack'] as const) {
  const side = await Sums.serve(`nats://${server}/${codec}`, { codec });
  side.add.connect((_sender, { a, b }) => a + b);
}
process.send?.('ready');
process.on('disconnect', () => process.exit());
