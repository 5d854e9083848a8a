// `npm start`: one class, two processes, calls both ways; then the same over every other transport and codec.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TransportSource } from 'obverse';
import { keepRoom } from './keeper.js';
import { type Visit, visit } from './visitor.js';

const program = relative(process.cwd(), fileURLToPath(new URL('keeper.main.ts', import.meta.url)));

/** Visits a room that another process serves at an address. */
async function visitProcess(address: string, codec: string): Promise<Visit> {
  const keeper: ChildProcess = fork(program, [address, codec], { execArgv: ['--import', 'tsx'] });
  const [at] = (await Promise.race([once(keeper, 'message'), once(keeper, 'exit').then(failed)])) as [string];
  try {
    return await visit(at, { codec }, ['ann', 'bob']);
  } finally {
    const gone = once(keeper, 'exit');
    keeper.disconnect();
    await gone;
  }
}

function failed(): never {
  throw new Error('the process that serves the room has ended');
}

/** Visits a room that is served in this process. */
async function visitHere(address: string, codec: string): Promise<Visit> {
  const room = await keepRoom(address, { codec });
  try {
    return await visit(room.address, { codec }, ['ann', 'bob']);
  } finally {
    await room.close();
  }
}

/** Visits a room in a program or a thread that is started for one visitor: its link has a single peer. */
function visitAlone(at: (codec: string) => TransportSource) {
  return (_address: string, codec: string): Promise<Visit> => visit(at(codec), { codec }, ['ann']);
}

const thread = (codec: string): TransportSource => ({
  url: `worker:./${program.replace('main.ts', 'worker.mjs')}`,
  argv: ['port:parent', codec],
});

const everywhere = ['jrpc', 'msgpack', 'terse'];
const tour: readonly [address: string, where: string, how: typeof visitHere, codecs: readonly string[]][] = [
  ['tcp://127.0.0.1:0', 'two processes', visitProcess, everywhere],
  ['ws://127.0.0.1:0', 'two processes', visitProcess, everywhere],
  [`unix:${join(tmpdir(), `obverse-tour-${process.pid}.sock`)}`, 'two processes', visitProcess, everywhere],
  ['udp://127.0.0.1:0', 'two processes', visitProcess, everywhere],
  [
    'process:',
    'two processes',
    visitAlone((codec) => `process:node --import tsx ${program} stdio: ${codec}`),
    everywhere,
  ],
  ['worker:', 'two threads', visitAlone(thread), [...everywhere, 'clone']],
  ['memory:tour', 'one process', visitHere, [...everywhere, 'clone']],
];

console.log(`
Obverse: one class is the contract of a conversation, and both sides are derived from it.
The class is examples/tour/room.ts. Another process serves the room; this one visits it, over tcp: with jrpc.
`);
const [[address, , how]] = tour as [(typeof tour)[number]];
const { present, error, heard } = await how(address, 'jrpc');
console.log(`  ann and bob join, and are asked for their colours   → ${present.join(', ')} are there
  ann gives back what is not hers                      → ${error}
  ann says hello to everybody                          → ${heard.join('; ')}

Now the same again over each transport and codec. Nothing changes but the string.
`);

const row = (...cells: string[]): string =>
  cells.map((cell, n) => cell.padEnd([14, 10, 15, 12, 13, 13, 12][n] ?? 0)).join('');
console.log(row('transport', 'codec', 'where', 'calls back', 'error reply', 'multicast', 'a call takes'));
let failures = 0;
for (const [address, where, how, codecs] of tour) {
  for (const codec of codecs) {
    const scheme = `${address.split(':')[0]}:`;
    try {
      const seen = await how(address, codec);
      const asked = seen.present.some((name) => name.includes('(green)')) ? 'yes' : 'NO';
      const refused = seen.error.includes('not yours') ? 'yes' : 'NO';
      const told = seen.heard.every((line) => line.includes('hello')) ? `to ${seen.heard.length}` : 'NO';
      if ([asked, refused, told].includes('NO')) failures++;
      console.log(row(scheme, codec, where, asked, refused, told, `${seen.microseconds.toFixed(0)} µs`));
    } catch (reason) {
      failures++;
      console.log(row(scheme, codec, where, `FAILED: ${(reason as Error).message}`));
    }
  }
}
console.log(failures === 0 ? '\nEvery conversation went as the class says.' : `\n${failures} conversations failed.`);
process.exitCode = failures === 0 ? 0 : 1;
