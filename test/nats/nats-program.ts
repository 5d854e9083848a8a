import { Work } from './nats-spec.js';

/** A worker or a caller in a process of its own, for tests that kill it. */
const [role = '', url = ''] = process.argv.slice(2);
const beat = 300;
if (role === 'worker') {
  const side = await Work.serve({ url, beat }, { logger: null });
  side.slow.connect((_sender, { n }) => {
    process.send?.(`at work ${n}`);
    return new Promise(() => {});
  });
} else {
  const side = await Work.invert().connect({ url, beat }, { logger: null });
  void side.slow(null, { n: 1 });
}
process.send?.('ready');
