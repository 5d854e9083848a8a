import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Engine, findEngine } from './engines.js';

const VERSIONS = '/usr/lib/postgresql';

/** The server of PostgreSQL of this machine; Debian has it in a folder for each version. */
export const postgres = findEngine(
  'postgres',
  'apt-get install postgresql',
  existsSync(VERSIONS) ? readdirSync(VERSIONS).map((version) => join(VERSIONS, version, 'bin')) : [],
);

/** The server refuses to run as root: it runs as its own user then. */
const as = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];

/** Starts a server of PostgreSQL on a free port of 127.0.0.1, with an empty database `postgres` of the user `postgres`. */
export function startPostgres(): Promise<Engine> {
  const program = postgres.program as string;
  const [first = program, ...before] = [...as, program];
  return Engine.start({
    program: first,
    args: (port, folder) => {
      const data = join(folder, 'data');
      if (!existsSync(data)) {
        chmodSync(folder, 0o777);
        const initdb = [...as, join(dirname(program), 'initdb'), '-D', data, '-A', 'trust', '-U', 'postgres', '-N'];
        execFileSync(initdb[0] as string, initdb.slice(1), { cwd: folder, stdio: 'ignore' });
      }
      const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
      return [...before, '-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    },
    ready: /database system is ready to accept connections/,
    // Without waiting for its clients.
    stop: 'SIGINT',
  });
}

/** The address of its database, for `postgres:` and for the package `pg`. */
export function databaseOf({ port }: Engine): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}
