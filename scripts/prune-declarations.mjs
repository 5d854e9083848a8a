/**
 * Deletes the declarations that no entry of the package refers to: the compiler writes one for each source file, and
 * most describe what no user can import. `node scripts/prune-declarations.mjs [FOLDER]`: the folder of the build,
 * `dist` by default.
 */
import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const needed = new Set();
for (const { types, browser } of Object.values(exports)) {
  for (const entry of [types, browser?.types]) if (entry !== undefined) need(join(dist, relative('dist', entry)));
}

function need(file) {
  if (needed.has(file)) return;
  needed.add(file);
  const { importedFiles } = typescript.preProcessFile(readFileSync(file, 'utf8'), true, true);
  for (const { fileName } of importedFiles) {
    if (fileName.startsWith('.')) need(resolve(dirname(file), fileName.replace(/\.js$/, '.d.ts')));
  }
}

for (const { name, parentPath } of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = join(parentPath, name);
  if (file.endsWith('.d.ts') && !needed.has(file)) rmSync(file);
}
prune(dist);

/** Deletes empty folders. */
function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) prune(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
