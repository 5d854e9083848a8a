/*
 * Both ends of a conversation, in a process that collects its memory on request. Prints a line of JSON for each
 * observation, and exits.
 */

import { endpointOf } from '../../src/api/side-class.js';
import { referencesOf } from '../../src/extensions/references/value-mapper.js';
import {
  type Far,
  incoming,
  keep,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  reference,
  type Sender,
} from '../../src/index.js';
import type { ConnectedPeer } from '../../src/session/connected-peer.js';

type Step = (n: number) => unknown;

@reference
class Basket {
  put(item: string): string {
    return item;
  }
}

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) basket(_sender: Sender): Reply<Far<Basket>> {}
  @incoming({ hasReply: true }) step(_sender: Sender): Reply<Step> {}
  @incoming({ hasReply: true }) hold(_sender: Sender, _args: { step: Step }): Reply<void> {}
  @outgoing({ hasReply: true }) lend(_to: Receivers, _args: { step: Step }): Reply<void> {}
}

const collect = (globalThis as { gc?: () => void }).gc as () => void;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const sizeOf = (side: object): number =>
  [...endpointOf(side).peerRegistry.peers.values()].reduce(
    (sum, peer) => sum + referencesOf((peer as ConnectedPeer).session).size,
    0,
  );
const seen: Record<string, unknown> = {};
const collected = async (): Promise<void> => {
  // The result of a WeakRef is not collected within the same turn.
  await turn();
  collect();
  await turn();
};
const settled = async (holds: () => boolean): Promise<boolean> => {
  for (let n = 0; n < 100 && !holds(); n++) await collected();
  return holds();
};
const collectedOften = async (): Promise<void> => {
  for (let n = 0; n < 10; n++) await collected();
};

const server = await Work.serve('tcp://127.0.0.1:0', { logger: null });
const client = await Work.invert().connect(server.address, { logger: null });
const alone = (): boolean => sizeOf(server) === 0 && sizeOf(client) === 0;

// A result without a holder is released at its owner.
server.basket.connect(() => new Basket());
await (async () => {
  const basket = await client.basket(null);
  await basket.put('a');
})();
seen.result = await settled(alone);

// A result whose call is open is not, although only the call refers to it.
let answer: (value: unknown) => void = () => {};
server.step.connect(
  () => () =>
    new Promise((resolve) => {
      answer = resolve;
    }),
);
let call: unknown;
await (async () => {
  const step = await client.step(null);
  call = step(1);
})();
await turn();
await collectedOften();
seen.held = [sizeOf(server), sizeOf(client)];
answer('answered');
seen.answered = await call;
seen.afterCall = await settled(alone);

// A method that was taken out of its object keeps the object alive.
let put: ((item: string) => unknown) | undefined;
await (async () => {
  ({ put } = await client.basket(null));
})();
await collectedOften();
seen.method = await put?.('pear');
put = undefined;
seen.afterMethod = await settled(alone);

// A reference that was kept, and then dropped.
server.hold.connect((_sender, { step }) => void keep(step));
await client.hold(null, { step: () => 1 });
seen.kept = await settled(alone);

// Its holder reports it.
let kept: { release(): void } | undefined;
client.lend.connect((_sender, { step }) => {
  kept = keep(step);
});
await server.lend(null, { step: () => 1 });
await collectedOften();
seen.holding = sizeOf(server);
kept?.release();
seen.afterKept = await settled(alone);

// Its owner does not hold it any more either.
const gone = await (async () => {
  const step: Step = () => 1;
  await client.hold(null, { step });
  return new WeakRef(step);
})();
seen.function = await settled(() => gone.deref() === undefined);

console.log(JSON.stringify(seen));
await client.close();
await server.close();
