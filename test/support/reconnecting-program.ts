// Serves a Feed at the address of its argument, sends its address to its parent, and runs until it is killed.
import { serveFeed } from './reconnecting-spec.js';

const feed = await serveFeed(process.argv[2] as string);
process.send?.(feed.address);
