import { lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { ConnectionLost, UsageError } from '../../src/errors.js';
import { codeOf, explain } from './stream-errors.js';

/** Makes room for a socket at the path: removes one that nobody serves, and refuses to touch anything else. */
export async function clearSocketFile(path: string): Promise<void> {
  const found = stat(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new UsageError(`${path} exists and is no socket, so it is left alone: remove it, or take another path`);
  }
  if (await isServed(path)) {
    throw new ConnectionLost(`unix:${path} is already served: end that program, or take another path`);
  }
  // In one turn with the removal: somebody else may have begun to serve the path in the meantime.
  const now = stat(path);
  if (now?.ino === found.ino && now.ctimeMs === found.ctimeMs) unlinkSync(path);
}

function stat(path: string) {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether somebody takes connections there. Rejects where that cannot be known. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      // So many are waiting that the system takes no more: somebody must be there.
      else if (code === 'EAGAIN') resolve(true);
      else reject(explain(`cannot tell whether unix:${path} is served`, error));
    });
  });
}
