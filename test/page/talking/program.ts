// Serves a Post at the address of its argument, with the options of the second one, sends its address to its parent, and runs until it is killed.
import { serveAt } from './server.js';

const { server, seen } = await serveAt(process.argv[2] as string, JSON.parse(process.argv[3] as string));
process.on('message', () => {
  for (const { release } of seen.held.values()) release();
  process.send?.(Object.fromEntries(seen.ran));
});
process.send?.(server.address);
