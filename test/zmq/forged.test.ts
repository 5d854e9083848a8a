import { createHmac } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { Pull, Push, Router } from 'zeromq';
import { incoming, RemoteAPI, type Reply, type Security, type Sender } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { ANYWHERE, attack, bare, endpointOf } from './bare.js';
import { closeAll, closing } from './ends.js';

/* Hostile peers of sides with a security: they have seen what another one has signed, and cut, change and mix it. */

afterEach(closeAll);

class Vault extends RemoteAPI {
  @incoming({ hasReply: true }) unlock(sender: Sender, args: { box: number }): Reply<string> {}
  @incoming note(sender: Sender, args: { text: string }): void {}
}

/** Signs the exact bytes. */
function signed(user: string): Security {
  const sign = (payload: unknown): string =>
    createHmac('sha256', 'secret')
      .update(payload as Uint8Array | string)
      .digest('base64');
  return {
    seal: (payload) => ({ info: { user, signature: sign(payload) } }),
    open: (payload, info) => {
      if (info.signature !== sign(payload)) throw new Error('the signature does not fit');
      return payload;
    },
  };
}

const options = (user: string, codec: string) =>
  ({ codec, logger: null, security: signed(user), requireSecurityInfo: true, timeout: 5_000 }) as const;

type Bytes = Uint8Array;

/** Other messages than these: cut, changed, doubled, out of order. */
function forgeries([info, message]: readonly [Bytes, Bytes], other: Bytes): Bytes[][] {
  const changed = (bytes: Bytes, at: number): Bytes => bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));
  return [
    [message],
    [info],
    [info, info],
    [message, info],
    [info, other],
    [info, message.subarray(1)],
    [info, changed(message, message.length - 3)],
    [changed(info, info.length - 6), message],
    [info.subarray(0, 10), message],
    [Buffer.alloc(0), message],
    [info, Buffer.alloc(0)],
    [Buffer.from([0xc1]), message],
    [Buffer.from([0xff, 0xfe]), Buffer.from([0xff, 0xfe])],
  ];
}

it.each(['jrpc', 'msgpack'])('in %s, no caller unlocks anything by what another one has signed', async (codec) => {
  const spy = bare(new Router());
  await spy.bind('tcp://127.0.0.1:*');
  const victim = closing(await Vault.invert().connect(`zmq+${spy.lastEndpoint}`, options('ann', codec)));
  victim.remote.unlock({ box: 1 }).catch(() => {});
  const seen: Bytes[] = [];
  while (!seen.some((each) => String(each).includes('unlock'))) seen.push((await spy.receive())[1] as Bytes);
  const [info, message] = seen.slice(-2) as unknown as [Bytes, Bytes];
  expect(String(info)).toContain('signature');

  const side = closing(await Vault.serve(ANYWHERE, options('vault', codec)));
  const unlocked: number[] = [];
  side.unlock.connect((_sender, { box }) => {
    unlocked.push(box);
    return 'open';
  });
  const ann = closing(await Vault.invert().connect(side.address, options('ann', codec)));
  for (const forgery of forgeries([info, message], seen[0] as Bytes)) {
    const attacker = attack(endpointOf(side));
    for (const part of forgery) await attacker.send(part);
    // As one message, too.
    await attacker.send(forgery);
    expect(await ann.remote.unlock({ box: 2 })).toBe('open');
  }
  // An attacker who sends the half of each of two messages does not complete those of another one.
  const [one, two] = [attack(endpointOf(side)), attack(endpointOf(side))];
  for (let n = 0; n < 20; n++) {
    await one.send(info);
    await two.send(message);
  }
  for (let n = 0; n < 20; n++) expect(await ann.remote.unlock({ box: 2 })).toBe('open');
  expect(unlocked.filter((box) => box === 1)).toEqual([]);
});

it.each(['jrpc', 'msgpack'])('in %s, a pipeline handles nothing that is signed by half', async (codec) => {
  const spy = bare(new Pull());
  await spy.bind('tcp://127.0.0.1:*');
  const victim = closing(await Vault.invert().connect(`zmq+${spy.lastEndpoint}?role=pipeline`, options('ann', codec)));
  victim.remote.note({ text: 'pay' });
  victim.remote.note({ text: 'other' });
  const [info, message] = (await spy.receive()) as unknown as [Bytes, Bytes];
  const [, other] = (await spy.receive()) as unknown as [Bytes, Bytes];
  expect(String(message)).toContain('pay');

  const side = closing(await Vault.serve(`${ANYWHERE}?role=pipeline`, options('vault', codec)));
  const heard: string[] = [];
  side.note.connect((_sender, { text }) => void heard.push(text));
  const attacker = bare(new Push());
  attacker.connect(endpointOf(side));
  for (const forgery of forgeries([info, message], other)) {
    await attacker.send(forgery);
    for (const part of forgery) await attacker.send(part);
    await attacker.send([...forgery, ...forgery]);
  }
  // As it is, it is accepted: a security that must refuse what is sent again numbers it.
  await attacker.send([info, message]);
  await until(() => heard.length > 0);
  expect(heard).toEqual(['pay']);
});
