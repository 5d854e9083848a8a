import { afterEach, describe, expect, it } from 'vitest';
import { capability, curveKeyPair } from 'zeromq';
import { ConnectionLost } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { closeAll, closing, Work } from './ends.js';

afterEach(closeAll);

const absent = capability.curve !== true;

describe.skipIf(absent)(`CURVE${absent ? ' (n/a: this build of zeromq has none)' : ''}`, () => {
  const server = curveKeyPair();
  const client = curveKeyPair();
  const own = { curveServer: true, curveSecretKey: server.secretKey };
  const to = (publicKey: string) => ({
    curveServerKey: publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
  });
  const serve = async (query = '') => {
    const side = closing(await Work.serve({ url: `zmq+tcp://127.0.0.1:*${query}`, ...own }, { logger: null }));
    side.who.connect(() => 'server');
    return side;
  };
  const connect = async (url: string, keys: object) =>
    closing(await Work.invert().connect({ url, ...keys }, { logger: null, limits: { connectMs: 1_000 } }));

  it('encrypts calls, and notifications of a pipeline', async () => {
    const side = await serve();
    expect(await (await connect(side.address, to(server.publicKey))).remote.who()).toBe('server');
    const pipeline = await serve('?role=pipeline');
    const heard: string[] = [];
    pipeline.note.connect((_sender, { text }) => void heard.push(text));
    (await connect(pipeline.address, to(server.publicKey))).remote.note({ text: 'secret' });
    await until(() => heard.length === 1);
    expect(heard).toEqual(['secret']);
  });

  it.each<[string, object]>([
    ['no keys', {}],
    ['the key of another server', to(curveKeyPair().publicKey)],
  ])('lets nobody in who has %s', async (_what, keys) => {
    const side = await serve();
    await expect(connect(side.address, keys)).rejects.toThrow(ConnectionLost);
    expect(side.peers.size).toBe(0);
    expect(await (await connect(side.address, to(server.publicKey))).remote.who()).toBe('server');
  });
});
