// npx tsx test/model/main.ts [schedules = 20000] [seed = 1] [bug | all]
import { BUGS, type Bug } from './bugs.js';
import { explore } from './explore.js';

const [schedules = '20000', seed = '1', asked] = process.argv.slice(2);
if (asked !== undefined && asked !== 'all' && !Object.hasOwn(BUGS, asked)) {
  console.error(`there is no bug "${asked}"; there are all, ${Object.keys(BUGS).join(', ')}`);
  process.exit(2);
}
const began = performance.now();
let failed = false;
if (asked === 'all') {
  for (const bug of Object.keys(BUGS) as Bug[]) {
    const { failure } = explore(Number(schedules), Number(seed), bug);
    failed ||= failure === undefined;
    console.log(`${bug.padEnd(18)} ${failure ?? `NOT FOUND in ${schedules} schedules`}`);
  }
} else {
  const { schedules: ran, steps, most, failure, stats } = explore(Number(schedules), Number(seed), asked as Bug);
  failed = failure !== undefined;
  console.log(failure ?? 'every promise was kept');
  console.log(`${ran} schedules, ${steps} steps; at most ${most} held by one end`);
  for (const [what, count] of [...stats].sort()) console.log(`  ${what.padEnd(28)} ${count}`);
}
console.log(`${((performance.now() - began) / 1_000).toFixed(1)} s`);
process.exit(failed ? 1 : 0);
