/**
 * The exported names of every entry of the package, with their types: compares them with the files in test/package/api,
 * and fails if they differ. `npm run api` updates the files (`--update`): their difference in a commit announces what
 * changes for users.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('..', import.meta.url));
const announced = join(root, 'test/package/api');
const IN_PAGES = '-browser';
const update = process.argv.includes('--update');

/**
 * The declarations of each entry, by the name of its report: `testing`, `codecs-jrpc`, and with `-browser` for what a
 * page gets of an entry.
 */
function entriesOf({ name, exports }) {
  const entries = new Map();
  for (const [path, { types, browser }] of Object.entries(exports)) {
    const report = path === '.' ? name : path.slice(2).replaceAll('/', '-');
    if (types !== undefined) entries.set(report, types);
    if (browser !== undefined) entries.set(`${report}${IN_PAGES}`, browser.types);
  }
  return entries;
}

/** Compiles the declarations into a folder with the layout of the package. */
function declare(folder) {
  const compiler = join(root, 'node_modules/typescript7/bin/tsc');
  const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')];
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) process.exit(1);
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
}

/** Writes the report of an entry into a folder. */
function report(folder, name, declarations, reports) {
  const entry = join(folder, declarations);
  const none = { logLevel: 'none' };
  const compilerOptions = { target: 'ES2022', module: 'NodeNext', strict: true, skipLibCheck: true, types: ['node'] };
  const configObject = {
    projectFolder: folder,
    mainEntryPointFilePath: entry,
    newlineKind: 'lf',
    compiler: {
      overrideTsconfig: {
        compilerOptions: { ...compilerOptions, lib: ['ES2023', 'ESNext.Disposable'] },
        files: [entry],
      },
    },
    apiReport: { enabled: true, reportFolder: reports, reportTempFolder: join(folder, 'temp'), reportFileName: name },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: { extractorMessageReporting: { default: none }, tsdocMessageReporting: { default: none } },
  };
  const config = ExtractorConfig.prepare({ configObject, packageJsonFullPath: join(folder, 'package.json') });
  const messageCallback = (message) => {
    // It logs each report that it writes.
    message.handled = message.messageId.startsWith('console-');
  };
  if (!Extractor.invoke(config, { localBuild: true, messageCallback }).succeeded) process.exitCode = 1;
}

const folder = mkdtempSync(join(tmpdir(), 'obverse-api-'));
try {
  declare(folder);
  const reports = join(folder, 'api');
  mkdirSync(reports);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [name, declarations] of entriesOf(manifest)) report(folder, name, declarations, reports);
  for (const name of readdirSync(reports).filter((file) => file.includes(IN_PAGES))) shorten(reports, name);
  if (update) {
    rmSync(announced, { recursive: true, force: true });
    mkdirSync(announced);
    for (const file of readdirSync(reports)) copyFileSync(join(reports, file), join(announced, file));
  } else compare(reports);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Reduces the report of what a page gets to the lines in which it differs from the other one. */
function shorten(reports, name) {
  const lines = difference(join(reports, name.replace(IN_PAGES, '')), join(reports, name), 0).split('\n');
  const differing = lines.filter((line) => /^[-+](?![-+]{2} )./.test(line));
  const title = `## ${name}: how it differs from ${name.replace(IN_PAGES, '')}`;
  writeFileSync(
    join(reports, name),
    `${title}\n\n\`\`\`diff\n${differing.map((line) => `${line}\n`).join('')}\`\`\`\n`,
  );
}

function difference(before, after, context) {
  const args = ['diff', '--no-index', '--no-color', `--unified=${context}`, before, after];
  return spawnSync('git', args, { encoding: 'utf8' }).stdout ?? '';
}

function compare(reports) {
  const files = new Set([...readdirSync(reports), ...readdirSync(announced)]);
  const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const changed = [...files].filter((file) => textOf(join(reports, file)) !== textOf(join(announced, file)));
  if (changed.length === 0) return;
  for (const file of changed) {
    console.log(`${relative(root, join(announced, file))} differs from what the package exports`);
    console.log(difference(join(announced, file), join(reports, file), 2));
  }
  console.log('If the change is intended, run `npm run api` to update these files, and add a line to CHANGELOG.md.');
  process.exitCode = 1;
}
