// The side that serves, in its own process or thread.
import { behave, Upstream } from './leaking-spec.js';

const side = Upstream.create({ transport: process.argv[2] ?? 'stdio:', logger: null });
behave(side as never, () => {});
await side.open();
