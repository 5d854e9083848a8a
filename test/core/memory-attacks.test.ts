import { describe, it } from 'vitest';
import { Attacker, call, empties, LEFT, MB, measures, prepareServers, serve, survives } from './memory-attack.js';

prepareServers();

// The attacks that take long are in memory-attacks.slow.test.ts.
describe.skipIf(!measures)('a server has bounded memory, and answers others', { timeout: 120_000 }, () => {
  it('under 256 calls with answers of 10 MB that nobody reads', async () => {
    const port = await serve();
    const attacker = await Attacker.connect(port);
    attacker.socket.pause();
    for (let id = 1; id <= 256; id++) await attacker.write(call(id, 'large', `{"size":${10 * MB}}`));
    await survives(port);
  });

  it('under six frames of 33 MB of empty objects', async () => {
    const port = await serve();
    const attacker = await Attacker.connect(port);
    for (let id = 1; id <= 6; id++) await attacker.write(call(id, 'hold', `[${empties(33 * MB)}]`));
    await survives(port);
  });

  it('under batches of 1 MB of many peers, in which a call of empty objects follows a small one', async () => {
    const port = await serve();
    const params = `[${empties(MB - 1_000)}]`;
    const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
    for (let id = 1; id <= 6; id += 2) {
      const frame = `[${call(id, 'hold', '[1]').trim()},${call(id + 1, 'hold', params).trim()}]\n`;
      for (const attacker of attackers) await attacker.write(frame);
    }
    await survives(port, 'jrpc', LEFT);
  });
});
