import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser of this machine, if there is one. */
export const chromium: string | undefined = names.find((name) => spawnSync(name, ['--version']).status === 0);

/**
 * Opens a page, optionally with more options of the browser, until it is ended: then resolves with the output of the
 * browser, which has the page's errors and its console.
 */
export function browse(url: string, folder: string, ...more: string[]): { written(): string; end(): Promise<string> } {
  const options = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-dev-shm-usage',
    '--disable-extensions',
    '--disable-sync',
    '--enable-logging=stderr',
    '--no-default-browser-check',
    '--no-first-run',
    '--no-proxy-server',
    `--user-data-dir=${join(folder, 'profile')}`,
    ...more,
  ];
  const child = spawn(chromium as string, [...options, url], { stdio: ['ignore', 'ignore', 'pipe'] });
  let written = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  const gone = new Promise<string>((resolve) => child.on('close', () => resolve(written)));
  return {
    written: () => written,
    end() {
      child.kill();
      return gone;
    },
  };
}
