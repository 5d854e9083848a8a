import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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

/** How a server accepts who connects. */
export interface PostgresAccess {
  /** The password of the user `postgres`; without one, everybody is let in. */
  readonly password?: string;
  /** Its certificate, and whether it refuses connections without TLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly required?: boolean };
  /** Further settings: `name=value`. */
  readonly settings?: readonly string[];
}

/** Starts a server of PostgreSQL on a free port of 127.0.0.1, with an empty database `postgres` of the user `postgres`. */
export function startPostgres(access: PostgresAccess = {}): Promise<Engine> {
  const program = postgres.program as string;
  const [first = program, ...before] = [...as, program];
  return Engine.start({
    program: first,
    args: (port, folder) => {
      const data = join(folder, 'data');
      if (!existsSync(data)) makeDatabase(folder, data, access);
      const settings = [
        ...['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, ...(access.settings ?? [])],
        ...(access.tls === undefined ? [] : ['ssl=on']),
      ];
      return [...before, '-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    },
    ready: /database system is ready to accept connections/,
    // Without waiting for its clients.
    stop: 'SIGINT',
  });
}

function makeDatabase(folder: string, data: string, { password, tls }: PostgresAccess): void {
  chmodSync(folder, 0o777);
  const secret = join(folder, 'password');
  if (password !== undefined) writeFileSync(secret, password);
  const [program = '', ...args] = [
    ...[...as, join(dirname(postgres.program as string), 'initdb'), '-D', data, '-U', 'postgres', '-N'],
    ...(password === undefined ? ['-A', 'trust'] : ['-A', 'scram-sha-256', '--pwfile', secret]),
  ];
  execFileSync(program, args, { cwd: folder, stdio: 'ignore' });
  if (tls === undefined) return;
  const { uid, gid } = statSync(data);
  for (const [name, text] of [
    ['server.crt', tls.cert],
    ['server.key', tls.key],
  ] as const) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    chownSync(join(data, name), uid, gid);
  }
  if (tls.required !== true) return;
  const rules = join(data, 'pg_hba.conf');
  writeFileSync(rules, readFileSync(rules, 'utf8').replace(/^host /gm, 'hostssl '));
}

/** The address of its database, for `postgres:` and for the package `pg`. */
export function databaseOf({ port }: Engine): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}
