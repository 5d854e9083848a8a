// Serves a Feed at the address of its argument, tells its parent where, and goes on until it is killed.
import { serveFeed } from './reconnecting-spec.js';

const feed = await serveFeed(process.argv[2] as string);
process.send?.(feed.address);
