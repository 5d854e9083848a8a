import { parseAddress } from '../../src/contract/address.js';
import type { Frame, Link, Receiver } from '../../src/contract/contract.js';
import { wireFor } from '../../src/testing/transport.js';
import { sqliteOpener } from '../../transports/shared/queue/sqlite/driver.js';
import sqlite from '../../transports/sqlite.js';

/*
 * A queue in a file of SQLite in whichever runtime this program runs: `runtime-program.ts FILE`. Without decorators, which not every runtime
 * has. It writes three tasks, of which one fails, works on them, and writes which SQLite it has used, the answers and the numbers of the queue.
 */
const at = `sqlite:${process.argv[2]}?queue=jobs`;
const answers: string[] = [];
let link: Link | undefined;
let end = (): void => {};
const ended = new Promise<void>((resolve) => {
  end = resolve;
});
const writer = sqlite(parseAddress(at), wireFor());
await writer.open((opened): Receiver => {
  link = opened;
  return {
    receive() {},
    drained() {},
    closed() {},
    outcome: (id: number, answer: readonly Frame[] | Error) => {
      answers.push(`${id} ${answer}`);
      if (answers.length === 3) end();
    },
  };
});
for (const [n, text] of ['tea', 'bad', 'milk'].entries())
  link?.dispatch?.([text], { id: n, method: 'm', delivery: { key: text } });
await writer.flush?.();
const worker = sqlite(parseAddress(`${at}&attempts=2&backoff=10`), wireFor({ listen: true }));
await worker.open(
  (task): Receiver => ({
    receive: (frame) => {
      if (frame === 'bad') task.close(new Error('no luck'));
      else {
        task.send([`one ${frame}`]);
        task.close();
      }
    },
    drained() {},
    closed() {},
  }),
);
await ended;
const stats = await writer.stats?.();
console.log(JSON.stringify({ by: (await sqliteOpener()).name, answers: answers.sort(), stats }));
await worker.close();
await writer.close();
