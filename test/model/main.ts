// npx tsx test/model/main.ts [schedules = 20000] [seed = 1] [bug | all | sides | resuming]
import { BUGS, type Bug } from './bugs.js';
import { explore } from './explore.js';
import { exploreSides } from './explore-sides.js';

/** Sides of the implementation in place of the model: with a session for each link, with sessions that outlive their links. */
const SIDES = { sides: 'plain', resuming: 'resume' } as const;

const [schedules = '20000', seed = '1', asked] = process.argv.slice(2);
if (asked !== undefined && asked !== 'all' && !Object.hasOwn(SIDES, asked) && !Object.hasOwn(BUGS, asked)) {
  console.error(`there is no "${asked}"; there are all, sides, resuming and the bugs ${Object.keys(BUGS).join(', ')}`);
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
  const found =
    asked !== undefined && Object.hasOwn(SIDES, asked)
      ? await exploreSides(SIDES[asked as keyof typeof SIDES], Number(schedules), Number(seed))
      : explore(Number(schedules), Number(seed), asked as Bug);
  const { schedules: ran, steps, failure, stats } = found;
  failed = failure !== undefined;
  console.log(failure ?? 'every promise was kept');
  console.log(`${ran} schedules, ${steps} steps${'most' in found ? `; at most ${found.most} held by one end` : ''}`);
  for (const [what, count] of [...stats].sort()) console.log(`  ${what.padEnd(28)} ${count}`);
}
console.log(`${((performance.now() - began) / 1_000).toFixed(1)} s`);
process.exit(failed ? 1 : 0);
