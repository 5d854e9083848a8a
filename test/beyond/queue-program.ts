import { Work } from '../durable/work.js';

/*
 * One end of a queue as a program of its own, so that a test can kill it: `work <address>`, whose handler does not return, or `ask <address>`,
 * which writes a task and waits. It writes what happens, a line for each.
 */

const [role, address = ''] = process.argv.slice(2);
if (role === 'work') {
  const worker = await Work.serve(address, { logger: null });
  worker.job.connect((_sender, { n }) => {
    console.log(`begun ${n}`);
    return new Promise(() => {});
  });
} else {
  const boss = await Work.invert().connect(address, { logger: null });
  const { job, add } = boss.to(null, { delivery: { key: 'the only one' } });
  // A stream of NATS has no requests.
  if (address.includes('stream=')) job({ n: 3 });
  else add({ a: 1, b: 2 }).catch(() => {});
  await boss.flush();
}
console.log('ready');
setInterval(() => {}, 60_000);
