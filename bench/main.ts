import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { bars, isAsked, judge } from './bars.js';
import { help, readCommandLine } from './options.js';
import { figuresAsData, report } from './report.js';
import { compile, repository } from './run/compile.js';
import { measure } from './run/measure.js';

const options = readCommandLine(process.argv.slice(2));
if (options === undefined) console.log(help);
else {
  // The built package is measured, as users import it.
  if (options.subject === 'built' && options.build) {
    const { status } = spawnSync('npm', ['run', 'build'], { cwd: repository, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error('the build failed; `--no-build` measures what dist/ holds');
  }
  const folder = await compile(options.subject);
  const progress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  const figures = await measure({ options, folder, progress });
  progress('');
  const verdicts = bars.filter((bar) => isAsked(bar, options)).map((bar) => judge(bar, figures));
  console.log(report(figures, verdicts, options));
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(figuresAsData(figures, verdicts, options), null, 2)}\n`);
  }
  if (figures.failures.size > 0) process.exitCode = 1;
}
