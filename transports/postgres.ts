import type { TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { readPostgres } from './shared/queue/postgres/address.js';
import { QueueTransport } from './shared/queue/transport.js';

/**
 * `postgres://user:password@host:5432/database?queue=orders`: calls that a database of PostgreSQL keeps until they are handled, for any
 * number of machines. Who connects writes tasks, and receives the answers of requests; who serves works on them, each with others. It needs the
 * package `pg`, and a server from version 13.
 *
 * It has the options of `sqlite:`, and of the connection: `user` and `password`, which may be a function; `ssl`, as the package takes it, or
 * `sslmode` (`disable`, `no-verify`; the certificate of the server is checked with `require`, `verify-ca`, `verify-full`), `sslrootcert`, `sslcert`
 * and `sslkey`, names of files; `options` and `application_name`.
 */
const postgres: TransportFactory = (address, wire) => {
  if (wire.form === 'values') throw new UsageError('postgres: keeps text or bytes, not values; use another codec');
  const { plan, client } = readPostgres(address, wire.listen);
  return new QueueTransport(plan, wire, async (store) => {
    const { PostgresStore } = await import('./shared/queue/postgres/store.js');
    return PostgresStore.open(client(), store);
  });
};

export default postgres;
