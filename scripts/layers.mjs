// Who may import whom, checked by dependency-cruiser with `.dependency-cruiser.mjs`. Violations are counted
// against ceilings, which are zero.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Files that are part of an import circle, and imports that the layers forbid. */
const CEILINGS = { circular: 0, forbidden: 0 };

const root = fileURLToPath(new URL('..', import.meta.url));
const cruiser = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
const args = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src', 'codecs', 'transports'];
const { stdout, stderr } = spawnSync(process.execPath, [cruiser, ...args], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
if (!stdout) {
  console.error(stderr);
  process.exit(1);
}
const { violations } = JSON.parse(stdout).summary;
const circular = new Set(violations.filter(({ rule }) => rule.name === 'no-circle').map(({ from }) => from));
const forbidden = violations.filter(({ rule }) => rule.name !== 'no-circle');
const counts = { circular: circular.size, forbidden: forbidden.length };
if (process.argv.includes('--list')) {
  for (const { from, to, rule } of forbidden) console.log(`${rule.name}: ${from} imports ${to}`);
  for (const file of circular) console.log(`circle: ${file}`);
}
let failed = false;
for (const [what, ceiling] of Object.entries(CEILINGS)) {
  const count = counts[what];
  console.log(`${what}: ${count} (at most ${ceiling})`);
  if (count > ceiling) failed = true;
  if (count < ceiling) console.log(`lower the ceiling of "${what}" in scripts/layers.mjs to ${count}`);
}
if (failed) console.error('There are new imports that the layers forbid. `node scripts/layers.mjs --list` lists them.');
process.exit(failed ? 1 : 0);
