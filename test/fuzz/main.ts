// npm run fuzz -- [frames = 10000000] [seed = 1] [target]
import { runFuzz } from './run.js';

const [count = '10000000', seed = '1', only] = process.argv.slice(2);
if (!(Number(count) > 0 && Number.isSafeInteger(Number(seed)))) {
  console.error('usage: npm run fuzz -- [frames] [seed] [target]');
  process.exit(2);
}
const start = performance.now();
let shown = start;
const { frames, findings } = await runFuzz(Number(count), Number(seed), only, ({ frames, target }) => {
  if (performance.now() - shown < 10_000) return;
  shown = performance.now();
  console.log(`${frames} frames in ${((shown - start) / 1_000).toFixed(0)} s; now ${target}`);
});
for (const finding of findings) console.log(`FOUND  ${finding}`);
console.log(`${frames} frames, ${findings.length} findings, ${((performance.now() - start) / 1_000).toFixed(1)} s`);
process.exit(findings.length === 0 ? 0 : 1);
