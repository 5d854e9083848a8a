import { Work } from '../durable/work.js';

/*
 * A program that uses a file of SQLite where that is not possible: `open <address>` connects to one that may only be read, `fill <address>`
 * writes to one that may not grow any more.
 */
const [role, address = ''] = process.argv.slice(2);
if (role === 'open') {
  const error = await Work.invert()
    .connect(address, { logger: null })
    .catch((reason: unknown) => reason);
  console.log(String(error));
} else {
  const boss = await Work.invert().connect(address, { logger: null, limits: { connectMs: 200 } });
  let batches = 0;
  for (let error: unknown; error === undefined; ) {
    for (let n = 0; n < 50; n++) boss.to(null, { metadata: { text: 'x'.repeat(500) } }).job({ n });
    error = await boss.flush().then(
      () => void batches++,
      (reason: unknown) => reason,
    );
    if (error !== undefined) console.log(`full after ${batches} batches: ${(error as Error).message}`);
  }
  const { waiting } = await boss.queueStats();
  console.log(waiting === batches * 50 ? 'stored as confirmed' : `${waiting} are stored of ${batches * 50}`);
  await boss.close();
}
process.exit();
