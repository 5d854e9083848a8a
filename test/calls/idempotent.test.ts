import {
  type ExtensionHost,
  incoming,
  type MethodOptions,
  namespace,
  type Options,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
  specFrom,
  UsageError,
} from 'obverse';
import { afterEach, expect, it } from 'vitest';
import { install } from '../../src/api/extension-registry.js';

/*
 * `idempotent`: what may send a call again finds it at the pending call, and a layer at the call itself.
 */
const quick = incoming({ hasReply: true, idempotent: true });

class Shelf extends RemoteAPI {
  @quick find(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) buy(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true, idempotent: false }) pay(_sender: Sender): Reply<number> {}
  @incoming({ stream: true }) list(_sender: Sender): Stream<number> {}
}
class House extends RemoteAPI {
  readonly shelf = namespace(Shelf);
  readonly safe = namespace(Shelf, { defaults: { idempotent: true } });
}

let host: ExtensionHost | undefined;
/** Whether a layer has seen each call as one that may be sent again. */
const seen: boolean[] = [];
install({
  name: 'probe of idempotent calls',
  attach: (given) => {
    if ((given.options as Options).invert === true) host = given;
    return {
      outgoing: (_method, next) => (call) => {
        seen.push(call.idempotent);
        return next(call);
      },
    };
  },
});

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const side of open.splice(0)) await side.close();
  seen.length = 0;
});
let at = 0;
async function meet(options: Partial<Options> = {}) {
  const server = await House.serve(`memory:idempotent-${++at}`, { logger: null });
  const client = await House.invert().connect(server.address, { logger: null, ...options });
  open.push(client, server);
  for (const each of [server.shelf, server.safe]) {
    for (const method of [each.find, each.buy, each.pay]) method.connect(() => new Promise<number>(() => {}));
    each.list.connect(() => [1]);
  }
  return client;
}

/** Whether what waits for the answer of each pending call says that the call may be sent again. */
function pending(client: { pendingCalls(): { id: number; method: string }[] }): Record<string, boolean> {
  const [peer] = [...(host as ExtensionHost).peers.values()];
  const session = (host as ExtensionHost).session(peer as NonNullable<typeof peer>);
  return Object.fromEntries(
    client.pendingCalls().map(({ id, method }) => [method, session.pendingCall(id)?.idempotent === true]),
  );
}

it('comes from the decorator, the namespace or the side, and the option of a call precedes them', async () => {
  const client = await meet();
  const calls = [
    client.shelf.find(null),
    client.shelf.buy(null),
    client.safe.buy(null),
    client.safe.pay(null),
    client.to(null, { idempotent: false }).safe.find(),
    client.to(null, { idempotent: true }).shelf.pay(),
  ];
  for (const call of calls) call.catch(() => {});
  const expected = [true, false, true, false, false, true];
  expect(seen).toEqual(expected);
  expect(pending(client)).toEqual({
    'shelf.find': true,
    'shelf.buy': false,
    'safe.buy': true,
    'safe.pay': false,
    'safe.find': false,
    'shelf.pay': true,
  });

  const cautious = await meet({ defaults: { idempotent: true } });
  cautious.shelf.buy(null).catch(() => {});
  cautious.shelf.pay(null).catch(() => {});
  cautious
    .gather(null)
    .safe.buy()
    .catch?.(() => {});
  expect(pending(cautious)).toEqual({ 'shelf.buy': true, 'shelf.pay': false, 'safe.buy': true });
});

it('is false for every stream, whose first items may have been consumed', async () => {
  const client = await meet({ defaults: { idempotent: true } });
  const items = client.safe.list(null);
  expect(pending(client)).toEqual({ 'safe.list': false });
  for await (const item of items) expect(item).toBe(1);
});

it('is refused for what is not a request: in a decorator, in its defaults, and in a spec from data', () => {
  const refusal = (given: MethodOptions) => {
    class Feed extends RemoteAPI {
      @incoming(given) list(_sender: Sender): void {}
    }
    return () => Feed.create();
  };
  const again = 'Feed.list: a stream cannot be sent again; remove';
  expect(refusal({ stream: true, idempotent: true })).toThrow(`${again} idempotent: true`);
  expect(refusal({ stream: true, defaults: { idempotent: true } })).toThrow(
    `${again} idempotent: true from its defaults`,
  );
  const only = 'Feed.list: only a request can be idempotent, and this is a notification; remove';
  expect(refusal({ idempotent: true })).toThrow(`${only} idempotent: true, or set hasReply: true`);
  expect(refusal({ defaults: { idempotent: true } })).toThrow(`${only} idempotent: true from its defaults, or set`);
  expect(refusal({ idempotent: false, defaults: { idempotent: false } })).not.toThrow();
  const data = [{ path: 'list', method: 'list', direction: 'incoming', kind: 'notification', idempotent: true }];
  expect(() => specFrom(JSON.stringify(data)).create()).toThrow('only a request can be idempotent');
});

it('is in the description of a spec, and in a spec that is made from it', () => {
  const described = Shelf.describe();
  expect(described.map(({ method, idempotent }) => [method, idempotent])).toEqual([
    ['find', true],
    ['buy', undefined],
    ['pay', undefined],
    ['list', undefined],
  ]);
  expect(specFrom(JSON.stringify(described)).describe()).toEqual(described);
});

it('is refused if it is misspelt or no flag', () => {
  const options = (given: object) => {
    class Chat extends RemoteAPI {
      @incoming(given as MethodOptions) say(_sender: Sender): void {}
    }
    return () => Chat.create();
  };
  expect(options({ idempotant: true })).toThrow(
    'Chat.say: unknown option "idempotant"; did you mean idempotent? There are allow, allowPositionalArgs',
  );
  expect(options({ idempotent: 1 })).toThrow('Chat.say: the option "idempotent" must be true or false');
  const side = House.create({ logger: null });
  expect(() => side.with({ idempotnet: true } as object)).toThrow('did you mean idempotent?');
  expect(() => side.with({ idempotent: 'yes' } as object)).toThrow(UsageError);
});

it('the options of extensions in a decorator are checked, misspelt ones are refused, and a layer reads them', async () => {
  const priorities: unknown[] = [];
  const uninstall = install({
    name: 'test of method options',
    methodOptions: { priority: (value) => (typeof value === 'number' ? undefined : 'a number') },
    attach: () => ({
      incoming: ({ declaration }, next) => {
        const { priority } = declaration.options as { priority?: number };
        if (priority === undefined) return undefined;
        return (call) => {
          priorities.push(priority);
          return next(call);
        };
      },
    }),
  });
  const spec = (given: object) => {
    class Chat extends RemoteAPI {
      @incoming({ hasReply: true, ...given } as { hasReply: true }) ask(_sender: Sender): Reply<number> {}
    }
    return Chat;
  };
  expect(() => spec({ priority: 'high' }).create()).toThrow('Chat.ask: the option "priority" must be a number');
  expect(() => spec({ priorty: 1 }).create()).toThrow('Chat.ask: unknown option "priorty"; did you mean priority?');
  const Urgent = spec({ priority: 3 });
  const server = await Urgent.serve('memory:method-options', { logger: null });
  const client = await Urgent.invert().connect(server.address, { logger: null });
  open.push(client, server);
  server.ask.connect(() => 1);
  expect(await client.remote.ask()).toBe(1);
  expect(priorities).toEqual([3]);
  uninstall();
});
