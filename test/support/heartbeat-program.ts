// Serves at the address of its argument, calls each peer that comes, sends its address to its parent, and runs until it is killed.
import { Silent } from './heartbeat-spec.js';

const side = await Silent.serve(process.argv[2] as string, { logger: null });
side.forever.connect(() => new Promise(() => {}));
side.numbers.connect(async function* () {
  yield 1;
  yield 2;
  await new Promise(() => {});
});
side.on('connect', (peer) => {
  setImmediate(
    () =>
      void side
        .to(peer)
        .serve()
        .catch(() => {}),
  );
});
process.send?.(side.address);
