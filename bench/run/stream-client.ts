import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent, cpuMicros } from './parent.js';
import { memory } from './stream-memory.js';
import { type Flood, Streaming } from './stream-spec.js';

// The process that consumes streams.
let side: Awaited<ReturnType<typeof connect>> | undefined;
const connect = (address: string, codec: string) => Streaming.invert().connect(address, { codec });
const remote = () => {
  if (side === undefined) throw new Error('not connected');
  return side.remote;
};
const slow = { taken: 0, over: true };
let counted = 0;
let open: { return(): unknown }[] = [];

answerParent({
  async connect({ address, codec }: { address: string; codec: string }): Promise<void> {
    side = await connect(address, codec);
    await side.remote.add(1, 2);
  },
  /** Consumes this many items as fast as they arrive, and checks each. */
  async items({ flood, count }: { flood: Flood; count: number }): Promise<{ ms: number; cpu: number }> {
    const [began, cpu] = [performance.now(), cpuMicros()];
    let next = 0;
    for await (const item of remote()[flood]({ count })) {
      const n = typeof item === 'number' ? item : item.n;
      if (n !== next++) throw new Error(`the item ${n} came in the place of ${next - 1}`);
    }
    if (next !== count) throw new Error(`${next} items came, and not ${count}`);
    return { ms: performance.now() - began, cpu: cpuMicros() - cpu };
  },
  /** Starts to consume one item in 10 ms of an endless stream. */
  takeSlowly(): void {
    slow.over = false;
    slow.taken = 0;
    void (async () => {
      for await (const item of remote().numbers({ count: Number.MAX_SAFE_INTEGER })) {
        slow.taken = item + 1;
        if (slow.over) break;
        await sleep(10);
      }
    })();
  },
  taken: () => slow.taken,
  stopSlowly(): void {
    slow.over = true;
  },
  /** Starts this many endless streams, which produce items as fast as they can, or one in this many milliseconds. */
  begin({ streams, every }: { streams: number; every: number }): void {
    for (let n = 0; n < streams; n++) {
      const stream = every > 0 ? remote().paced({ every }) : remote().numbers({ count: Number.MAX_SAFE_INTEGER });
      open.push(stream);
      void (async () => {
        for await (const _item of stream) counted++;
      })();
    }
  },
  counted: () => counted,
  end(): void {
    for (const stream of open) stream.return();
    open = [];
  },
  /** The duration of calls, one after the other with a pause between them, in µs. */
  async calls({ count, pause }: { count: number; pause: number }): Promise<number[]> {
    const times: number[] = [];
    for (let n = 0; n < count; n++) {
      const began = performance.now();
      if ((await remote().add(n, 1)) !== n + 1) throw new Error('a wrong sum');
      times.push((performance.now() - began) * 1_000);
      if (pause > 0) await sleep(pause);
    }
    return times;
  },
  memory,
});
