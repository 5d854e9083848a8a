import { expect, it } from 'vitest';
import obverse from '../../tools/vite.js';

/*
 * Which modules the plug-in compiles. Vite identifies a module by its file and a query, which may mean that it is only
 * a part of the file, or derived from it.
 */
const script = "import { incoming } from 'obverse';\nexport class Chat { @incoming tell() {} }\n";
const transform = (code: string, id: string) => obverse().transform(code, id);

it.each([
  '/src/chat.ts',
  '/src/chat.ts?t=1712&v=2',
  '/src/chat.mjs?worker_file&type=module',
  '/src/my chat#1.jsx',
  '/src/chat.svelte.ts',
  '/src/Chat.vue',
  '/src/Chat.vue?t=1712',
  '/src/Chat.vue?vue&type=script&setup=true&lang.ts',
  '/index.html?html-proxy&index=0.js',
])('compiles %s', async (id) => {
  const { code, map } = (await transform(script, id)) ?? {};
  expect(code).toContain('class Chat');
  expect(code).not.toContain('@incoming');
  expect(JSON.parse(String(map)).sources).toEqual([id.replace(/\?.*/, '')]);
});

it.each([
  ['/src/chat.css?from=/src/chat.ts', '@media screen { p { color: red } }'],
  ['/src/chat.css?inline', '@import "other.css";'],
  ['/src/Chat.vue', '<script setup lang="ts">\nclass Chat { @incoming tell() {} }\n</script>'],
  ['/src/Chat.vue?vue&type=style&index=0&lang.css', '@media screen {}'],
  ['/src/Chat.vue?vue&type=template&lang.js', 'export const shown = () => "@incoming tell() {}";'],
  ['/src/chat.ts?raw', `export default ${JSON.stringify(script)};`],
  ['/index.html?html-proxy&index=0.css', '@media screen {}'],
  ['/node_modules/chat/chat.js', script],
  ['\0virtual:chat.ts', script],
])('does not compile %s: it is not a script of the project', async (id, code) => {
  expect(await transform(code, id)).toBeUndefined();
});

it.each(['@ incoming', '@\nincoming', '@(incoming)', '@\\u0069ncoming', '@$.incoming'])(
  'compiles a decorator that is written as %j',
  async (decorator) => {
    const { code } = (await transform(`export class Chat { ${decorator} tell() {} }`, '/src/chat.js')) ?? {};
    expect(code).toMatch(/__decorate/);
  },
);

it.each([
  'export const text = "@incoming", template = `@incoming {"@incoming"}`;',
  '/** @param a */ export const pattern = /@incoming class/; // @incoming',
  'export const shown = <p a="@incoming">@incoming</p>;',
])('does not change code that only looks like a decorator: %s', async (code) => {
  expect(await transform(code, '/src/chat.jsx')).toBeUndefined();
});

it('compiles a class within a template, and keeps what Vite looks for', async () => {
  const code = `"use client";
import.meta.hot?.accept();
const files = import.meta.glob('./*.ts', { eager: true });
const later = () => import(/* @vite-ignore */ files.x);
export const name = \`@\${class Chat { @incoming tell() {} }.name}\`;`;
  const given = String((await transform(code, '/src/chat.js'))?.code);
  for (const kept of [/^"use client";/, /import\.meta\.hot\?\.accept\(\)/, /import\.meta\.glob\("\.\/\*\.ts"/])
    expect(given).toMatch(kept);
  expect(given).toMatch(/import\(\s*\/\* @vite-ignore \*\//);
  expect(given).not.toContain('@incoming');
});
