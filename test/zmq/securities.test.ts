import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Security,
  type Sender,
  topic,
} from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { closeAll, closing, freeEndpoints } from './ends.js';

afterEach(closeAll);

class Vault extends RemoteAPI {
  @incoming({ hasReply: true }) unlock(sender: Sender, args: { box: number }): Reply<string> {}
  @incoming note(sender: Sender, args: { text: string }): void {}
  @outgoing({ hasReply: true }) confirm(receivers: Receivers, args: { box: number }): Reply<boolean> {}
}

/** Signs the exact bytes, and who has signed them. */
function signed(user: string, key = 'secret'): Security {
  const sign = (payload: unknown, by: unknown): string =>
    createHmac('sha256', key)
      .update(`${String(by)}\n`)
      .update(payload as Uint8Array | string)
      .digest('base64');
  return {
    seal: (payload) => ({ info: { user, signature: sign(payload, user) } }),
    open: (payload, info) => {
      if (info.signature !== sign(payload, info.user)) throw new Error('the signature does not fit');
      return payload;
    },
  };
}

describe.each(Object.entries(freeEndpoints))('signed messages over %s', (_scheme, endpoint) => {
  it.each(['jrpc', 'msgpack'])(
    'in %s: calls, calls back, metadata, and each signer with its own call',
    async (codec) => {
      const servers = [];
      for (const name of ['one', 'two']) {
        const side = closing(
          await Vault.serve(endpoint(), { codec, logger: null, security: signed(name), requireSecurityInfo: true }),
        );
        side.unlock.connect(async (sender, { box }) => {
          const sure = await side.confirm(sender, { box });
          return `${box} ${sure} for ${String(sender.securityInfo?.user)} ${String(sender.metadata.trace)}`;
        });
        servers.push(side);
      }
      const [first = '', second = ''] = servers.map(({ address }) => address);
      const names = ['ann', 'ben'];
      const answers = names.map(async (user) => {
        const client = closing(
          await Vault.invert().connect(`${first},${second.replace('zmq+', '')}`, {
            codec,
            logger: null,
            security: signed(user),
            requireSecurityInfo: true,
          }),
        );
        client.confirm.connect((_sender, { box }) => box % 2 === 0);
        const calls = Array.from({ length: 50 }, (_, box) =>
          client.to(null, { metadata: { trace: user } }).unlock({ box }),
        );
        const expected = calls.map((_, box) => `${box} ${box % 2 === 0} for ${user} ${user}`);
        expect(await Promise.all(calls)).toEqual(expected);
      });
      await Promise.all(answers);
    },
  );

  it('rejects a call that is signed with another key', async () => {
    const side = closing(await Vault.serve(endpoint(), { logger: null, security: signed('vault') }));
    side.unlock.connect(() => 'open');
    const options = { logger: null, security: signed('eve', 'guessed'), timeout: 5_000 };
    const eve = closing(await Vault.invert().connect(side.address, options));
    await expect(eve.remote.unlock({ box: 1 })).rejects.toThrow(/the signature does not fit/);
    const ann = closing(await Vault.invert().connect(side.address, { logger: null, security: signed('ann') }));
    expect(await ann.remote.unlock({ box: 1 })).toBe('open');
  });

  it.each(['pipeline', 'pubsub'])('in the role %s, with the name of who has written them', async (role) => {
    const options = { logger: null, requireSecurityInfo: true };
    const side = closing(await Vault.serve(`${endpoint()}?role=${role}`, { ...options, security: signed('vault') }));
    const heard: string[] = [];
    side.note.connect((sender, { text }) => void heard.push(`${text} by ${String(sender.securityInfo?.user)}`));
    const ann = closing(await Vault.invert().connect(side.address, { ...options, security: signed('ann') }));
    const eve = closing(await Vault.invert().connect(side.address, { ...options, security: signed('eve', 'guessed') }));
    const write = (): void => {
      for (const [name, client] of Object.entries({ ann, eve })) {
        client.remote.note({ text: name });
        if (role === 'pubsub') client.note(topic('news'), { text: `${name} again` });
      }
    };
    const expected = role === 'pubsub' ? ['ann again by ann', 'ann by ann'] : ['ann by ann'];
    // What is published in this process before the subscription has arrived is lost.
    await until(() => {
      write();
      return heard.length >= 4;
    });
    expect([...new Set(heard)].sort()).toEqual(expected);
  });
});
