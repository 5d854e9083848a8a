import { incoming, RemoteAPI, type Reply, type Sender } from 'obverse';
import { expect, it } from 'vitest';

class Ask extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<number> {}
}

async function asked(code: string): Promise<string> {
  const transport = { url: 'process:', command: process.execPath, args: ['-e', code], grace: 100 };
  await using side = await Ask.invert().connect(transport, { timeout: 300 });
  const [error] = await Promise.allSettled([side.remote.ask()]);
  return String((error as PromiseRejectedResult).reason);
}

it('suggests to check the address if a program has written nothing to its output', async () => {
  expect(await asked('setInterval(() => {}, 1000)')).toMatch(
    /nothing came from process:\d+ within 300 ms; check that the program serves stdio:$/,
  );
});

it('suggests nothing if the program writes, and only this call has no answer', async () => {
  // It sends a request itself as soon as it is called, so its message arrives before the timeout.
  const code = `
    const ask = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x' });
    process.stdin.once('data', () => console.log(ask));
    const wait = setInterval(() => {}, 1000);
    process.stdin.once('end', () => clearInterval(wait));`;
  await using side = await Ask.invert().connect(
    { url: 'process:', command: process.execPath, args: ['-e', code], grace: 100 },
    { timeout: 60_000 },
  );
  let heard = false;
  const off = side.on('method.unknown', () => {
    heard = true;
  });
  const first = side.remote.ask().catch(() => {});
  await expect.poll(() => heard, { timeout: 20_000 }).toBe(true);
  off();
  await expect(side.to(null, { timeout: 50 }).ask()).rejects.toThrow(/within 50 ms$/);
  await side.close();
  await first;
});
