import { setTimeout as wait } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { browse } from './chromium.js';
import type { Program } from './steps.js';

/**
 * Opens the page that a program serves, at the address that it prints, until its console shows all of these lines; the
 * folder is for the browser.
 */
export async function visit({ written }: Program, folder: string, lines: readonly string[]): Promise<void> {
  const printed = (): string => stripVTControlCharacters(written());
  const address = await seen(printed, (text) => /http:\/\/(?:localhost|127\.0\.0\.1):\d+\//.exec(text)?.[0]);
  const browser = browse(address, folder);
  try {
    const all = (text: string) => (lines.every((line) => text.includes(`] "${line}", source: `)) ? true : undefined);
    await seen(() => `${printed()}${browser.written()}`, all);
  } finally {
    await browser.end();
  }
}

async function seen<T>(text: () => string, find: (text: string) => T | undefined): Promise<T> {
  for (const end = performance.now() + 60_000; performance.now() < end; await wait(50)) {
    const found = find(text());
    if (found !== undefined) return found;
  }
  throw new Error(`it is not seen within a minute:\n${text()}`);
}
