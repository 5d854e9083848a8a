import { answerParent, cpuMicros } from './parent.js';
import { memory } from './stream-memory.js';
import { Streaming } from './stream-spec.js';

// The process that serves streams.
const state = { produced: 0, ended: 0 };

function* numbers(count: number): Generator<number> {
  try {
    for (let n = 0; n < count; n++) {
      state.produced++;
      yield n;
    }
  } finally {
    state.ended++;
  }
}

/**
 * Timers for the next milliseconds, in a ring. One timer for all, because a thousand timers would dominate the
 * measurement; and a ring, because a Map with changing keys leaves tables behind that keep garbage alive.
 */
const ring = Array.from({ length: 64 }, (): (() => void)[] => []);
let at = 0;
setInterval(() => {
  const now = ++at % ring.length;
  const due = ring[now] ?? [];
  ring[now] = [];
  for (const go of due) go();
}, 1).unref();
let begun = 0;

/** Numbers, one in this many milliseconds. Not a generator: a thousand of them would cost more than their streams. */
function paced(every: number): AsyncIterableIterator<number> {
  let n = 0;
  let due = at + 1 + (begun++ % every);
  return {
    next: () =>
      new Promise((resolve) => {
        const go = (): void => resolve({ done: false, value: n++ });
        if (due <= at) go();
        else ring[due % ring.length]?.push(go);
        due += every;
      }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

answerParent({
  async serve({ url, codec }: { url: string; codec: string }): Promise<string> {
    const side = await Streaming.serve(url, { codec });
    side.numbers.connect((_sender, { count }) => numbers(count));
    side.awaited.connect(async function* (_sender, { count }) {
      yield* numbers(count);
    });
    side.readings.connect(function* (_sender, { count }) {
      for (const n of numbers(count)) yield { n, text: 'a small item' };
    });
    side.paced.connect((_sender, { every }) => paced(every));
    side.add.connect((_sender, a, b) => a + b);
    return side.address;
  },
  state: () => state,
  cpu: () => cpuMicros(),
  memory,
});
