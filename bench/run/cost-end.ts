// Both ends of a connection, for `bench/cost.ts`: `node cost-end.js FOLDER CODEC TRANSPORT FEATURE…`. Orders come by IPC.
import type { Options } from '../../src/index.js';
import { openEcho } from './echo.js';
import { answerParent, cpuMicros } from './parent.js';

/** What a variant of a build turns on or off. */
const features: Record<string, { readonly listens: Options; readonly dials: Options }> = {
  journal: { listens: { resume: true }, dials: { reconnect: true } },
  reconnect: { listens: {}, dials: { reconnect: { resume: false } } },
  'no-beat': { listens: { beat: Number.POSITIVE_INFINITY }, dials: { beat: Number.POSITIVE_INFINITY } },
};

const [folder, codec, transport, ...named] = process.argv.slice(2) as [string, string, string, ...string[]];
const chosen = named.map((name) => {
  const feature = features[name];
  if (feature === undefined) throw new Error(`there is no "${name}"; there are ${Object.keys(features).join(', ')}`);
  return feature;
});
const echo = await openEcho(folder, codec, transport, {
  listens: Object.assign({}, ...chosen.map(({ listens }) => listens)),
  dials: Object.assign({}, ...chosen.map(({ dials }) => dials)),
});

answerParent({
  /** µs of CPU time for each. */
  async run({ load, times }: { load: string; times: number }): Promise<number> {
    const before = cpuMicros();
    await echo.run(load, times);
    return (cpuMicros() - before) / times;
  },
  ready: () => true,
});
