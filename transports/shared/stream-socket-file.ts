import { lstatSync, statSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
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
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw explain(`cannot listen on unix:${path}`, error as Error, listenHints(path));
  }
}

/** What errors mean for one who listens at a path. Node reports EACCES also where the folder does not exist. */
export function listenHints(path: string): Readonly<Record<string, string>> {
  const folder = dirname(path);
  const hint = whyNoFolder(folder) ?? `this user may not write to the folder ${folder}; take another path`;
  return { EACCES: hint, ENOENT: hint, ENOTDIR: hint };
}

/** The same for one who dials. */
export function dialHints(path: string): Readonly<Record<string, string>> {
  const folder = dirname(path);
  const missing = whyNoFolder(folder);
  return {
    EACCES:
      missing ?? `this user may not connect to it; look at the permissions of the socket and of the folder ${folder}`,
    ...(missing !== undefined && { ENOENT: missing, ENOTDIR: missing }),
  };
}

function whyNoFolder(folder: string): string | undefined {
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return `the folder ${folder} does not exist; create it, or check the path`;
    return found.isDirectory() ? undefined : `${folder} is no folder; check the path`;
  } catch (error) {
    // Whoever may not look there may do nothing else.
    return codeOf(error) === 'ENOTDIR' ? `${folder} is no folder; check the path` : undefined;
  }
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
