// The handling end, in a thread or a process of its own.
import { handle, Streams } from './spec.js';

const [address = 'port:parent', codec = 'clone'] = process.argv.slice(2);
const side = await Streams.serve(address, { codec, logger: null });
handle(side);
process.send?.({ address: side.address });
