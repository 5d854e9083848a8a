// The first items of a stream in a new process, with both ends in it: `node cold-end.js FOLDER CODEC COUNT`, or `bare` as the folder.
import { once } from 'node:events';
import net from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cpuMicros } from './parent.js';

type Sender = import('../../src/index.js').Sender;
interface Reading {
  readonly n: number;
  readonly text: string;
}

/** The bytes of one write of the bare server. */
const WRITTEN = 64 * 1024;

const [folder = '', codec = 'jrpc', times = '100000'] = process.argv.slice(2);
const count = Number(times);
const reading = (n: number): Reading => ({ n, text: 'an item' });

/** Lines of JSON over a bare socket, with a callback for each. */
async function bare(): Promise<() => Promise<number>> {
  const server = net.createServer((socket) => {
    let n = 0;
    const send = (): void => {
      while (n < count) {
        let text = '';
        while (n < count && text.length < WRITTEN) text += `${JSON.stringify(reading(n++))}\n`;
        if (socket.write(text)) continue;
        socket.once('drain', send);
        return;
      }
    };
    socket.once('data', send);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1').setEncoding('utf8');
  await once(socket, 'connect');
  return () =>
    new Promise((done) => {
      let rest = '';
      let sum = 0;
      let taken = 0;
      const item = ({ n }: Reading): void => {
        sum += n;
        taken++;
      };
      socket.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) item(JSON.parse(line) as Reading);
        if (taken === count) done(sum);
      });
      socket.write('go');
    });
}

async function library(): Promise<() => Promise<number>> {
  const { RemoteAPI, incoming, declareMethods } = (await import(
    pathToFileURL(resolve(folder, 'index.js')).href
  )) as typeof import('../../src/index.js');
  class Spec extends RemoteAPI {
    readings(_sender: Sender): import('../../src/index.js').Stream<Reading> {}
  }
  declareMethods(Spec, { readings: incoming({ stream: true }) });
  const server = await Spec.serve('tcp://127.0.0.1:0', { codec });
  server.readings.connect(function* () {
    for (let n = 0; n < count; n++) yield reading(n);
  });
  const client = await Spec.invert().connect(server.address, { codec });
  return async () => {
    let sum = 0;
    for await (const { n } of client.readings(null)) sum += n;
    return sum;
  };
}

const run = await (folder === 'bare' ? bare() : library());
const before = cpuMicros();
const begun = performance.now();
if ((await run()) !== (count * (count - 1)) / 2) throw new Error('items are missing');
console.log(JSON.stringify({ seconds: (performance.now() - begun) / 1_000, cpu: cpuMicros() - before }));
process.exit(0);
