// The other side: it greets each peer that connects, and adds its handlers when `serve` has resolved, as a program does.
import { First } from './first-spec.js';
import { greetsAtOnce } from './first-words.js';

const [address = 'stdio:'] = process.argv.slice(2);
const side = await First.serve(address, { logger: null });
greetsAtOnce(side);
if (process.send !== undefined) process.send({ address: side.address });
