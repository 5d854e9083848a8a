import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Block, blocksOf, headingsOf } from '../docs/pages.js';
import { ended, outside, type Ran } from './packed.js';

/*
 * A quick start as a reader follows it: its files and commands are only in the page.
 */

/** A line of a block `sh`: the command, in one terminal or in two, and the output of the last command. */
export interface Step {
  readonly command: string;
  /** The command in the other terminal, which runs meanwhile. */
  readonly other: string | undefined;
  /** The comments below it: the expected output. */
  readonly printed: string;
}
export interface QuickStart {
  /** By the names in their first lines. */
  readonly files: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

/** The address in the quick starts. Tests use a free port. */
const PORT = '8888';
const OTHER = 'and, in another terminal: ';

/**
 * The quick start under a heading of a page: the named files of this section, of the text before the first section
 * (heading `##`), and of the sections that it refers to, and its last block of commands.
 */
export function quickStart(page: string, heading: string, ...referred: string[]): QuickStart {
  const headings = [{ line: 0, text: '' }, ...headingsOf(page, 2)];
  const blocks = blocksOf(page);
  const under = (wanted: string): Block[] => {
    const at = headings.findIndex(({ text }) => text === wanted);
    if (at === -1) throw new Error(`${page} has no heading "${wanted}"`);
    const end = headings[at + 1]?.line ?? Number.POSITIVE_INFINITY;
    return blocks.filter(({ line }) => line > (headings[at]?.line ?? 0) && line < end);
  };
  const files = new Map<string, string>();
  for (const { code } of ['', ...referred, heading].flatMap(under)) {
    const name = /^(?:\/\/|<!--) ([\w.-]+\.\w+)\b/.exec(code)?.[1];
    if (name !== undefined) files.set(name, code);
  }
  const commands = under(heading).findLast(({ info }) => info === 'sh');
  if (commands === undefined) throw new Error(`${page} has no commands under "${heading}"`);
  return { files, steps: stepsOf(commands) };
}

function stepsOf({ code }: Block): Step[] {
  const steps: { command: string; other: string | undefined; printed: string }[] = [];
  for (const line of code.trim().split('\n')) {
    const [, command = '', comment = ''] = /^(.*?)\s*(?:(?:^|\s)# ?(.*))?$/.exec(line) ?? [];
    const last = steps.at(-1);
    if (command !== '') {
      const other = comment.startsWith(OTHER) ? comment.slice(OTHER.length) : undefined;
      steps.push({ command, other, printed: '' });
    } else if (last !== undefined) last.printed += `${comment}\n`;
  }
  return steps;
}

/** A folder in which a quick start is followed. */
export interface Followed {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A free port, which replaces the one of the page in the files. */
  readonly port: string;
  /** The argument of `npm install` in place of the name `obverse`, if the registry has no such package: a tarball. */
  readonly library?: string;
}

/** Writes the files of a quick start into a new folder. */
export async function followed(
  cwd: string,
  { files }: QuickStart,
  env: Record<string, string> = {},
): Promise<Followed> {
  await mkdir(cwd, { recursive: true });
  const port = await freePort();
  for (const [name, text] of files)
    await writeFile(join(cwd, name), text.replaceAll(`127.0.0.1:${PORT}`, `127.0.0.1:${port}`));
  return { cwd, env, port };
}

/**
 * Runs the commands of a quick start one after the other; throws if one fails, or prints something else than the page
 * says. If the page uses two terminals, the second command runs once the first one listens.
 *
 * @param during what to do while commands run in both terminals, instead of waiting for the second one to end
 */
export async function follow(
  at: Followed,
  { steps }: QuickStart,
  during?: (second: Program) => Promise<void>,
): Promise<void> {
  for (const { command, other, printed } of steps) {
    if (other === undefined) {
      check(command, await program(at, command).over, printed);
      continue;
    }
    const first = program(at, command);
    try {
      await listening(at, first);
      const second = program(at, other);
      try {
        if (during === undefined) check(other, await second.over, printed);
        else await during(second);
      } finally {
        await second.end();
      }
      if (first.written() !== '') throw new Error(`"${command}" printed:\n${first.written()}`);
    } finally {
      await first.end();
    }
  }
}

function check(command: string, { code, stdout, stderr }: Ran, printed: string): void {
  if (code !== 0) throw new Error(`"${command}" ended with ${code}:\n${stdout}${stderr}`);
  if (printed !== '' && stdout !== printed) {
    throw new Error(`"${command}" printed:\n${stdout}${stderr}and the page says:\n${printed}`);
  }
}

/** A running command. */
export interface Program {
  readonly over: Promise<Ran>;
  /** Its output so far. */
  written(): string;
  /** Ends it and its child processes. */
  end(): Promise<void>;
}

function program({ cwd, env, library = 'obverse' }: Followed, written: string): Program {
  const windows = process.platform === 'win32';
  const command = written.replace(/^npm install obverse\b/, () => `npm install "${library}"`);
  // A process group of its own: npx and others start programs that survive them.
  const child = spawn(command, { cwd, env: { ...outside(), ...env }, shell: true, detached: !windows, stdio: 'pipe' });
  let text = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (text += chunk));
  const over = ended(child);
  return {
    over,
    written: () => text,
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) kill(child, windows);
      await over;
    },
  };
}

function kill({ pid }: ChildProcess, windows: boolean): void {
  if (pid === undefined) return;
  if (windows) spawnSync('taskkill', ['/pid', String(pid), '/t', '/f']);
  else process.kill(-pid, 'SIGKILL');
}

/** Resolves once a process listens on the port; throws if the program exits before. */
async function listening({ port }: Followed, { over, written }: Program): Promise<void> {
  let ran: Ran | undefined;
  void over.then((end) => {
    ran = end;
  });
  for (;;) {
    if (ran !== undefined) throw new Error(`it ended with ${ran.code}, and nobody listens:\n${written()}`);
    const found = await new Promise<boolean>((resolve) => {
      let connected = false;
      const socket = net.connect(Number(port), '127.0.0.1', () => {
        connected = true;
        socket.end();
      });
      // Only now: the server must not count it as one of its peers.
      socket
        .resume()
        .on('error', () => {})
        .on('close', () => resolve(connected));
    });
    if (found) return;
    await wait(50);
  }
}

async function freePort(): Promise<string> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
