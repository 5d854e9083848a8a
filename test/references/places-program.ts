/* Uses references after they were released in several ways, and prints the errors, one on each line. */
import { incoming, keep, RemoteAPI, type Reply, release, type Sender } from '../../src/index.js';

type Step = (n: number) => unknown;

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) hold(_sender: Sender, _args: { step: Step }): Reply<void> {}
}

const server = await Work.serve('memory:places', { logger: null });
const client = await Work.invert().connect('memory:places', { logger: null });

async function after(use: (step: Step) => void): Promise<void> {
  let held: unknown;
  const disconnect = server.hold.connect((_sender, { step }) => {
    held = step;
    use(step);
  });
  await client.hold(null, { step: (n) => n });
  disconnect();
  // If it is released within the call, it lives until the end of the call.
  await Promise.resolve();
  await (held as (n: number) => Promise<unknown>)(1).then(
    () => console.log('called'),
    (error: Error) => console.log(error.message),
  );
}

function byHandle(step: Step): void {
  const kept = keep(step);
  queueMicrotask(function later() {
    kept.release();
  });
}
function byName(step: Step): void {
  keep(step);
  queueMicrotask(function named() {
    release(step);
  });
}
function byBlock(step: Step): void {
  const kept = keep(step);
  queueMicrotask(function block() {
    using _held = kept;
  });
}

// Without this symbol there is no `using` either.
const uses = typeof Symbol.dispose === 'symbol' ? [byHandle, byName, byBlock] : [byHandle, byName];
for (const use of uses) await after(use);
await after(() => {});
console.log(typeof Symbol.dispose);
await client.close();
await server.close();
