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
    side.add.connect((_sender, a, b) => a + b);
    return side.address;
  },
  state: () => state,
  cpu: () => cpuMicros(),
  memory,
});
