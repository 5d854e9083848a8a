import { resolve } from 'node:path';
import { decodeMarks } from '../src/contract/address.js';
import type { TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { readQueue } from './shared/queue/options.js';
import { QueueTransport } from './shared/queue/transport.js';

/**
 * `sqlite:jobs.db?queue=orders`: calls that a file of SQLite keeps until they are handled, for the processes of one machine. Who connects
 * writes tasks, and receives the answers of requests; who serves works on them, each with others. It needs nothing where the runtime has SQLite
 * (Node from 22.13, Bun, Deno), and otherwise the package `libsql`.
 *
 * Both: `queue`, the name of the queue (`tasks`); `poll`, in ms (1,000), how often it is looked for changes that nobody has reported.
 *
 * When serving: `attempts` (5), how often a task is tried; `backoff`, in ms (1,000), doubled after each attempt; `lease`, in ms (30,000),
 * after which another worker gets the task of one that is gone; `inFlight` (16), how many tasks a side works on; `reader`, a name under
 * which the side reads all tasks in their order instead, and `from`, where a new reader begins (`all`, `new`, or the number of a task).
 *
 * When connecting: `keep`, in ms (one day), how long a task, its key and its answer stay after its end; `readers`, whether the tasks are for
 * readers alone (off).
 */
const sqlite: TransportFactory = (address, wire) => {
  const file = decodeMarks(address.rest.replace(/^\/\/(?=\/)/, ''));
  if (file === '' || file.startsWith('//') || file.startsWith(':'))
    throw new UsageError(
      `"${address.text}": expected a file, as in sqlite:jobs.db or sqlite:/var/lib/jobs.db${file.startsWith(':') ? '; other processes have no part in a database in memory' : ''}`,
    );
  if (wire.form === 'values') throw new UsageError('sqlite: keeps text or bytes, not values; use another codec');
  const path = resolve(file);
  return new QueueTransport(readQueue(address, `sqlite:${file}`, wire.listen), wire, async (plan) => {
    const { SqliteStore } = await import('./shared/queue/sqlite/store.js');
    return SqliteStore.open(path, plan);
  });
};

export default sqlite;
