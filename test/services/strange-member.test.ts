import { expect, it } from 'vitest';
import type { Accept, Link, Receiver, Transport } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/index.js';
import { Jobs } from './service-spec.js';

/** A link that records its end. */
class PlayedLink implements Link {
  readonly buffered = 0;
  readonly ends: (Error | undefined)[] = [];
  receiver: Receiver | undefined;

  constructor(
    readonly peer: string,
    traits: Partial<Link>,
  ) {
    Object.assign(this, traits);
  }

  send(): void {}
  pause(): void {}
  resume(): void {}
  close(reason?: Error): void {
    if (this.ends.push(reason) === 1) queueMicrotask(() => this.receiver?.closed(reason));
  }
}

/** A transport with these links. */
function playing(links: readonly PlayedLink[]): Transport {
  return {
    address: 'played:',
    async open(accept: Accept) {
      for (const link of links) link.receiver = accept(link);
    },
    async close() {
      for (const link of links) link.close();
      await undefined;
    },
  };
}

const service = (peer: string) =>
  new PlayedLink(peer, { anycast: true, dialed: true, agreed: true, dispatch: () => undefined });

it('ends a link to a member of a service that this side does not have, and says so', async () => {
  const [own, other] = [service('jobs'), service('others')];
  const strange = new PlayedLink('bob', { service: other, agreed: true });
  const member = new PlayedLink('ann', { service: own, agreed: true });
  const jobs = await Jobs.invert().connect(() => playing([own, strange, member]), { logger: null });
  await new Promise((resolve) => setImmediate(resolve));
  expect(strange.ends).toHaveLength(1);
  expect(strange.ends[0]).toBeInstanceOf(ConnectionLost);
  expect(strange.ends[0]?.message).toBe('there is no service others, of which it is a member');
  expect([own.ends, member.ends]).toEqual([[], []]);
  expect([...jobs.peers.keys()]).toEqual(['jobs']);
  await jobs.close();
});

it('ends a link to a member of a service whose link has ended', async () => {
  const own = service('jobs');
  const transport = playing([own]);
  let accept: Accept | undefined;
  const { open } = transport;
  transport.open = (given) => {
    accept = given;
    return open.call(transport, given);
  };
  const jobs = await Jobs.invert().connect(() => transport, { logger: null });
  own.close();
  await new Promise((resolve) => setImmediate(resolve));
  const late = new PlayedLink('ann', { service: own, agreed: true });
  late.receiver = accept?.(late);
  await new Promise((resolve) => setImmediate(resolve));
  expect(late.ends).toHaveLength(1);
  expect(jobs.peers.size).toBe(0);
  await jobs.close();
});
