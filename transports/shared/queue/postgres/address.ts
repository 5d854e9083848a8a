import { type OptionKind, readOptions } from '../../../../src/contract/address.js';
import type { Address } from '../../../../src/contract/contract.js';
import { UsageError } from '../../../../src/contract/errors.js';
import { PemFiles } from '../../tls/files.js';
import { QUEUE_OPTIONS, type QueuePlan, readQueue } from '../options.js';

/** The certificate is checked in all modes but the first two; what `prefer` means elsewhere, TLS if it happens to work, there is not. */
const MODES = ['disable', 'no-verify', 'require', 'verify-ca', 'verify-full'] as const;

/** The options of the connection. */
const CONNECTION = {
  user: 'text',
  password: 'any',
  ssl: 'any',
  sslmode: MODES,
  sslrootcert: 'text',
  sslcert: 'text',
  sslkey: 'text',
  options: 'text',
  application_name: 'text',
} as const satisfies Record<string, OptionKind>;

export interface PostgresPlan {
  readonly plan: QueuePlan;
  /** Options for the package. Throws a UsageError if a file of the options cannot be read. */
  readonly client: () => object;
}

/** Reads `postgres://user:password@host:5432/database`. Throws a UsageError for another form, an unknown option or a wrong value; no text contains the password. */
export function readPostgres(address: Address, listen: boolean): PostgresPlan {
  const { rest, options: given } = address;
  const [, access, hosts = '', database = ''] = /^\/\/(?:([^/]*)@)?([^/@]*)\/([^/]+)$/.exec(rest) ?? [];
  const [, host, port] = /^([\w.-]+|\[[\da-f:.]+\])?(?::(\d{1,5}))?$/i.exec(hosts) ?? [];
  if (database === '' || (host === undefined && hosts !== '') || Number(port ?? 0) > 65_535)
    throw new UsageError(
      'an address of postgres: has a host and a database, as in postgres://ann:secret@127.0.0.1:5432/shop; write @, /, :, ? and % in a password as %40, %2F, %3A, %3F and %25',
    );
  const all = readOptions(address, { ...QUEUE_OPTIONS, ...CONNECTION });
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) if (Object.hasOwn(QUEUE_OPTIONS, name)) own[name] = value;
  const plan = readQueue({ ...address, options: own }, `postgres://${hosts}/${database}`, listen);
  const [user = all.user, password = all.password] = access === undefined ? [] : accessOf(access);
  if (!['undefined', 'string', 'function'].includes(typeof password))
    throw new UsageError('postgres: the option "password" must be a string, or a function that returns one');
  const tls = readTls(all);
  const { options, application_name } = all;
  const client = {
    ...{ database: decoded(database) },
    ...(host !== undefined && { host: host.replace(/^\[|\]$/g, '') }),
    ...(port !== undefined && { port: Number(port) }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(options !== undefined && { options }),
    ...(application_name !== undefined && { application_name }),
  };
  return { plan, client: () => ({ ...client, ...tls() }) };
}

/** The user and the password in front of the host. */
function accessOf(access: string): (string | undefined)[] {
  const colon = access.indexOf(':');
  const parts = colon < 0 ? [access] : [access.slice(0, colon), access.slice(colon + 1)];
  return parts.map((part) => (part === '' ? undefined : decoded(part)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Without the text, which may be a password; so there is no cause either.
    throw new UsageError(
      'an address of postgres: has a % that is not followed by two hexadecimal digits: write it as %25',
    );
  }
}

/** What says how TLS is used: `ssl`, or the others. */
function readTls(
  given: Partial<Record<'ssl' | 'sslmode' | 'sslrootcert' | 'sslcert' | 'sslkey', unknown>>,
): () => object {
  const { ssl, sslmode, sslrootcert, sslcert, sslkey } = given;
  const names = Object.entries({ sslmode, sslrootcert, sslcert, sslkey }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  if (ssl !== undefined) {
    if (names.length > 0)
      throw new UsageError(`postgres: the option "ssl" says all of TLS: remove "${names.join('", "')}"`);
    const value = ssl === 'true' || ssl === '' ? true : ssl === 'false' ? false : ssl;
    if (typeof value !== 'boolean' && (typeof value !== 'object' || value === null))
      throw new UsageError('postgres: the option "ssl" must be on or off, or an object with the options of TLS');
    return () => ({ ssl: value });
  }
  if (names.length === 0) return () => ({});
  if (sslmode === 'disable' && names.length > 1)
    throw new UsageError(`postgres: without TLS (sslmode=disable), "${names.slice(1).join('", "')}" has no meaning`);
  if ((sslcert === undefined) !== (sslkey === undefined))
    throw new UsageError('postgres: the options "sslcert" and "sslkey" belong together: name both files');
  if (sslmode === 'disable') return () => ({ ssl: false });
  return () => {
    const files = new PemFiles();
    const read = (option: string, path: unknown): Record<string, string> | false =>
      path !== undefined && { [option]: files.read('postgres:', path as string) };
    return {
      ssl: {
        ...read('ca', sslrootcert),
        ...read('cert', sslcert),
        ...read('key', sslkey),
        rejectUnauthorized: sslmode !== 'no-verify',
      },
    };
  };
}
