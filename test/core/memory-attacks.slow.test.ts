import { describe, it } from 'vitest';
import { Attacker, call, empties, LEFT, MB, measures, prepareServers, serve, survives } from './memory-attack.js';

prepareServers();

describe.skipIf(!measures)('a server has bounded memory, and answers others', { timeout: 120_000 }, () => {
  it('under 60 calls of 20 MB each, whose handlers do not end', async () => {
    const port = await serve('jrpc', { frameBytes: 64 * MB });
    const attacker = await Attacker.connect(port);
    const text = 'x'.repeat(20 * MB);
    for (let id = 1; id <= 60 && !attacker.over; id++) await attacker.write(call(id, 'hold', `["${text}"]`));
    await survives(port);
  });

  it('under calls of 1 MB each of many peers, whose handlers do not end', async () => {
    const port = await serve();
    const text = 'x'.repeat(MB - 1_000);
    const attackers = await Promise.all(Array.from({ length: 20 }, () => Attacker.connect(port)));
    for (let id = 1; id <= 20; id++)
      await Promise.all(attackers.map((attacker) => attacker.write(call(id, 'hold', `["${text}"]`))));
    await survives(port);
  });

  it('under answers of 1 MB that many peers do not read', async () => {
    const port = await serve();
    const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
    for (const { socket } of attackers) socket.pause();
    for (let id = 1; id <= 20; id++)
      for (const attacker of attackers) await attacker.write(call(id, 'large', `{"size":${MB}}`));
    await survives(port, 'jrpc', 320 * MB);
  });

  it('under frames of 1 MB of empty objects of many peers', async () => {
    const port = await serve();
    const params = `[${empties(MB - 1_000)}]`;
    const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
    for (let id = 1; id <= 3; id++) for (const attacker of attackers) await attacker.write(call(id, 'hold', params));
    await survives(port, 'jrpc', LEFT);
  });

  it('under calls of 250 bytes of many peers, queued behind handlers that do not end', async () => {
    const port = await serve();
    let frames = '';
    for (let id = 1; id <= 1_250; id++) frames += call(id, 'hold', `[${empties(180)}]`);
    const attackers = await Promise.all(Array.from({ length: 250 }, () => Attacker.connect(port)));
    await Promise.all(attackers.map((attacker) => attacker.write(frames)));
    await survives(port, 'jrpc', LEFT);
  });

  it.each([0x80, 0x90])(
    'under frames of 1 MB of the bytes %i of many peers, in MessagePack, except for garbage of decoding',
    async (byte) => {
      const port = await serve('msgpack');
      const size = MB - 1_000;
      const frame = Buffer.alloc(size + 20, byte);
      const attackers = await Promise.all(Array.from({ length: 30 }, () => Attacker.connect(port)));
      for (let id = 1; id <= 3; id++) {
        frame.set([0x94, 0, id, 0xa4, ...Buffer.from('hold'), 0x91, 0xdd], 0);
        const at = 10;
        frame.writeUInt32BE(size, at);
        for (const attacker of attackers) await attacker.write(frame.subarray(0, at + 4 + size));
      }
      // 72 MB for each frame.
      await survives(port, 'msgpack', LEFT);
    },
  );

  it.each([
    ['2 MB', 2 * MB],
    ['just under 1 MB', MB - 10_000],
  ])('under 1,000 links with half of a frame of %s', async (_size, size) => {
    const port = await serve();
    const half = `{"jsonrpc":"2.0","id":1,"method":"hold","params":["${'x'.repeat(size / 2)}`;
    for (let n = 0; n < 1_000; n += 50) {
      const attackers = await Promise.all(Array.from({ length: 50 }, () => Attacker.connect(port)));
      await Promise.all(attackers.map((attacker) => attacker.write(half)));
    }
    await survives(port);
  });
});
