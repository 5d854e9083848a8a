// The other side, in its own process or thread: serves at the address that it receives, and reports its actual address.
import { standardTypes } from 'obverse';
import { Overdrawn, Stage } from './abilities.js';
import { behave } from './behave.js';
import { perform } from './features.js';

const [address = 'stdio:', codec = 'jrpc', link = ''] = process.argv.slice(2);
const far = await Stage.serve(address, { codec, types: [standardTypes], errorClasses: [Overdrawn], logger: null });
behave(far, far.there, far.here);
far.perform.connect((_sender, { feature }) => perform(feature, far.here, { link, codec }));
far.leave.connect(() => void far.close());
if (process.send !== undefined) process.send({ address: far.address });
else if (/^(tcp|ws):/.test(address)) console.log(`at ${far.address}`);
