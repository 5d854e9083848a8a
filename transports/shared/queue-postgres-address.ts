import { type OptionKind, readOptions } from '../../src/contract/address.js';
import type { Address } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { QUEUE_OPTIONS, type QueuePlan, readQueue } from './queue-options.js';

/** The options of the connection that the package reads from an address, and those that it gets as they are. */
const IN_ADDRESS = {
  sslmode: 'text',
  sslrootcert: 'text',
  sslcert: 'text',
  sslkey: 'text',
  options: 'text',
  application_name: 'text',
} as const satisfies Record<string, OptionKind>;
const AS_GIVEN = { ssl: 'any', user: 'text', password: 'any' } as const satisfies Record<string, OptionKind>;

export interface PostgresPlan {
  readonly plan: QueuePlan;
  /** Options for the package. */
  readonly client: object;
}

/** Reads `postgres://user:password@host:5432/database`. Throws a UsageError for another form, an unknown option or a wrong value; no text contains the password. */
export function readPostgres(address: Address, listen: boolean): PostgresPlan {
  const { rest, options: given } = address;
  const [, access = '', hosts = '', database = ''] = /^\/\/(?:([^/]*)@)?([^/@]*)\/([^/]+)$/.exec(rest) ?? [];
  if (database === '' || !/^([\w.-]+|\[[\da-f:.]+\])?(:\d{1,5})?$/i.test(hosts))
    throw new UsageError(
      'an address of postgres: has a host and a database, as in postgres://ann:secret@127.0.0.1:5432/shop; write @, / and : in a password as %40, %2F and %3A',
    );
  const all = readOptions(address, { ...QUEUE_OPTIONS, ...IN_ADDRESS, ...AS_GIVEN });
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) if (Object.hasOwn(QUEUE_OPTIONS, name)) own[name] = value;
  const plan = readQueue({ ...address, options: own }, `postgres://${hosts}/${database}`, listen);
  const query = new URLSearchParams();
  const client: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined) continue;
    if (Object.hasOwn(IN_ADDRESS, name)) query.set(name, value as string);
    else if (Object.hasOwn(AS_GIVEN, name)) client[name] = value;
  }
  // What an address says goes before options: a user that is none of it must not be there.
  const before = access === '' ? '' : `${access}@`;
  const after = query.size === 0 ? '' : `?${query}`;
  return { plan, client: { ...client, connectionString: `postgres://${before}${hosts}/${database}${after}` } };
}
