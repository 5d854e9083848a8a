import { lstatSync, statSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { codeOf, explain } from './errors.js';

/** The longest path of a socket in bytes: the field of the system has one more, for the NUL. */
export const LONGEST_PATH: number = process.platform === 'linux' ? 107 : 103;

/**
 * Makes room for a socket at the path: removes one that no process serves, and refuses to remove anything else. `address` names it in errors.
 * Rejects with a ConnectionLost if a process serves it, and with a UsageError if it is a file of another kind.
 */
export async function clearSocketFile(path: string, address: string): Promise<void> {
  const found = stat(path, address);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new UsageError(`${path} exists and is not a socket; remove it, or use another path`);
  }
  if (await isServed(path, address)) {
    throw new ConnectionLost(`${address} is already served; end that program, or use another path`);
  }
  // In the same turn as the removal: another process may have started to serve the path meanwhile.
  const now = stat(path, address);
  if (now?.ino === found.ino && now.ctimeMs === found.ctimeMs) unlinkSync(path);
}

function stat(path: string, address: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw explain(`cannot listen on ${address}`, error as Error, listenHints(path));
  }
}

/** Hints for errors when listening at a path. Node reports EACCES also if the folder does not exist. */
export function listenHints(path: string): Readonly<Record<string, string>> {
  const folder = dirname(path);
  const hint = whyNoFolder(folder) ?? `this user may not write to the folder ${folder}; use another path`;
  return { EACCES: hint, ENOENT: hint, ENOTDIR: hint };
}

/** The same when dialing. */
export function dialHints(path: string): Readonly<Record<string, string>> {
  const folder = dirname(path);
  const missing = whyNoFolder(folder);
  return {
    EACCES:
      missing ?? `this user may not connect to it; check the permissions of the socket and of the folder ${folder}`,
    ...(missing !== undefined && { ENOENT: missing, ENOTDIR: missing }),
  };
}

function whyNoFolder(folder: string): string | undefined {
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return `the folder ${folder} does not exist; create it, or check the path`;
    return found.isDirectory() ? undefined : `${folder} is not a folder; check the path`;
  } catch (error) {
    // Without permission to look there, the user has no other permission either.
    return codeOf(error) === 'ENOTDIR' ? `${folder} is not a folder; check the path` : undefined;
  }
}

/** Whether a process accepts connections there. Rejects if that cannot be determined. */
function isServed(path: string, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      // So many connections wait that the system accepts no more: a process must be there.
      else if (code === 'EAGAIN') resolve(true);
      else reject(explain(`cannot determine whether ${address} is served`, error));
    });
  });
}
