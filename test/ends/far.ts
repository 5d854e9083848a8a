// The other side, in its own process or thread: serves at the address that it receives, and reports how its call ends.
import { type MessagePort, workerData } from 'node:worker_threads';
import { behave, Hanging } from './spec.js';

const [address = 'stdio:', codec = 'jrpc'] = process.argv.slice(2);
const teller = (workerData as { teller?: MessagePort } | null)?.teller;
const tell = (what: object): void => {
  if (teller !== undefined) teller.postMessage(what);
  else if (process.send !== undefined) process.send(what);
  else process.stderr.write(`${JSON.stringify(what)}\n`);
};

teller?.on('message', () => process.exit(1));
teller?.unref();

const side = await Hanging.serve(address, { codec, logger: null });
behave(side, (ended) => tell({ ended }));
tell({ address: side.address });
process.on('message', (what) => {
  if (what === 'close') void side.close();
});
// The program exits by itself: for pipes, this is the equivalent of a FIN.
process.on('SIGUSR2', () => process.exit(0));
