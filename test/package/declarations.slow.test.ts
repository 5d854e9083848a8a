import { afterAll, beforeAll, describe } from 'vitest';
import { standAlone } from './declarations.js';
import { newcomer, packed, remove, scratch } from './packed.js';

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await scratch();
  project = await newcomer(folder, (await packed()).tarball);
}, 180_000);
afterAll(() => remove(folder));

describe('the declarations of the packed library', () => {
  standAlone(() => project, 'Bundler', 'CommonJS', 'exact');
});
