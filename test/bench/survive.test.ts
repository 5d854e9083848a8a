import { describe, expect, it } from 'vitest';
import { type Account, compared, Ledger } from '../../bench/survive/ledger.js';
import { COMBINATIONS } from '../../bench/survive/report.js';
import { broken, type Outcome, Run } from '../../bench/survive/run.js';
import { bestMode } from '../../bench/survive/spec.js';
import { Random } from '../../src/testing/random.js';

class Lost extends Error {
  constructor(readonly maybeExecuted: boolean) {
    super('lost');
  }
}

/** A client that has made some calls, and a server that has carried them out. */
async function accounts(change: (client: Ledger, server: Ledger) => void = () => {}): Promise<[Account, Account]> {
  const [client, server] = [new Ledger(100), new Ledger(100)];
  client.made = 4;
  for (const n of [0, 1]) client.follow(n, Promise.resolve(server.ran(n)));
  client.follow(2, Promise.reject(new Lost(true)));
  client.follow(3, Promise.reject(new Lost(false)));
  client.notesSent = 2;
  for (const n of [1, 2]) server.heard(n);
  expect(client.came(5, 5)).toBe(6);
  change(client, server);
  await new Promise(setImmediate);
  return [client.account(), server.account()];
}

function outcome([client, server]: readonly [Account, Account], left = ''): Outcome {
  return { findings: compared(client, server), cuts: { fin: 0, rst: 0, silence: 0 }, whileDialing: 0, left };
}

describe('the comparison of both ends', () => {
  it('counts what has happened', async () => {
    const result = outcome(await accounts());
    expect(result.findings).toMatchObject({
      calls: 4,
      answered: 2,
      maybeExecuted: 1,
      denied: 1,
      pending: 0,
      notifications: 2,
      lostNotifications: 0,
      items: 1,
      reasons: { Error: 2 },
    });
    expect(broken(result, 'reconnect')).toEqual([]);
    expect(broken(result, 'resume')).toEqual(['1 maybeExecuted', '1 denied']);
  });

  it.each<[string, string, (client: Ledger, server: Ledger) => void]>([
    ['runs twice', '1 doubledCalls', (_client, server) => server.ran(1)],
    ['runs although its caller was told that it has not', '1 falselyDenied', (_client, server) => server.ran(3)],
    ['never settles', '1 pending', (client) => client.made++],
    ['is answered and never ran', '1 neverRan', (_client, server) => (server.runs[0] = 0)],
    ['has the answer of another', '1 neverRan', (client) => client.follow(0, Promise.resolve(7))],
  ])('finds a call that %s', async (_what, text, change) => {
    expect(broken(outcome(await accounts(change)), 'reconnect')).toEqual([text]);
  });

  it('finds items that are missing or come twice, notifications that come twice, and what is left', async () => {
    const pair = await accounts((client, server) => {
      expect(client.came(8, 6)).toBe(9);
      expect(client.came(8, 9)).toBe(9);
      server.heard(2);
    });
    expect(broken(outcome(pair, 'server: 2 peers'), 'reconnect')).toEqual([
      '2 gaps',
      '1 doubledItems',
      '1 doubledNotifications',
      'left at the end: server: 2 peers',
    ]);
  });
});

describe('two processes with a chaos proxy between them', () => {
  const mode = bestMode();

  it.each(COMBINATIONS)(
    'lose no call, carry out none twice, and leave nothing, over several cuts: $codec over $transport',
    { timeout: 240_000 },
    async ({ codec, transport }) => {
      const random = new Random(1);
      const traffic = { rate: 100, streams: 10, callbacks: 10, most: 100_000 };
      const run = await Run.start({ codec, transport, mode, seed: 1, ...traffic });
      try {
        for (let cut = 0; cut < 3; cut++) await run.cut(random, cut);
        const result = await run.finish();
        expect(broken(result, mode)).toEqual([]);
        expect(result.findings.answered).toBeGreaterThan(0);
        expect(result.findings.items).toBeGreaterThan(0);
        const { fin, rst, silence } = result.cuts;
        expect(fin + rst + silence).toBeGreaterThanOrEqual(3);
        expect(result.whileDialing).toBe(3);
      } finally {
        await run.close();
      }
    },
  );
});
