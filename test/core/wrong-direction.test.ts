import {
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from 'obverse';
import { expect, it } from 'vitest';

class Shelf extends RemoteAPI {
  @incoming({ hasReply: true }) put(_sender: Sender, _args: { item: string }): Reply<void> {}
  @outgoing moved(_receivers: Receivers): void {}
}
class Store extends RemoteAPI {
  readonly shelf = namespace(Shelf);
  @incoming({ hasReply: true }) take(_sender: Sender): Reply<number> {}
  @incoming({ stream: true }) list(_sender: Sender): Stream<number> {}
  @incoming log(_sender: Sender): void {}
  @outgoing said(_receivers: Receivers): void {}
  @outgoing({ hasReply: true }) mood(_receivers: Receivers): Reply<string> {}
}

/** The side without types. */
// biome-ignore lint/suspicious/noExplicitAny: the test is about missing types
type Unchecked = any;

it('calling an incoming method names the method, and the class to connect instead', async () => {
  await using store = await Store.serve('memory:wrong-direction');
  await using client: Unchecked = await Store.connect(store.address);
  for (const view of [client.remote, client.to(null), client.gather(null), client.with({ timeout: 1 }).remote]) {
    expect(() => view.take()).toThrow(
      'take is incoming on this side, which handles it and does not call it. To call it, use the inverted class, Store.invert()',
    );
    expect(() => view.shelf.put({ item: 'x' })).toThrow('shelf.put is incoming on this side');
    const { list } = view;
    expect(list).toThrow('Store.invert()');
  }
  expect(() => client.remote.log()).toThrow('log is incoming');
  expect(() => client.remote.detailed.take()).toThrow('take is incoming');
  const inverted: Unchecked = Store.invert().create();
  expect(() => inverted.remote.said()).toThrow('To call it, use the class itself, Store, and not Store.invert()');
});

it('implementing a method without a decorator is refused, wherever it is', () => {
  class Part extends RemoteAPI {
    @incoming join(_sender: Sender): void {}
    part(_sender: Sender): void {}
  }
  class Whole extends RemoteAPI {
    readonly inner = namespace(Part, { name: 'other' });
  }
  const part: Unchecked = Part.create();
  expect(() => part.implement({ part() {} })).toThrow(/^part has no @incoming or @outgoing$/);
  expect(() => part.implement({ parts() {} })).toThrow(/^parts is not an incoming method of this side$/);
  const whole: Unchecked = Whole.invert().create();
  expect(() => whole.implement({ inner: { part() {} } })).toThrow(/^inner\.part has no @incoming or @outgoing$/);
  expect(() => whole.implement({ inner: { join() {} } })).toThrow(
    'use the class itself, Whole, and not Whole.invert()',
  );
});

it('connecting a handler to an outgoing method names the method, and the class to connect instead', () => {
  const store: Unchecked = Store.create();
  for (const verb of ['connect', 'disconnect', 'after', 'passSecurityInfo']) {
    expect(() => store.said[verb](() => {})).toThrow(
      'said is outgoing on this side, which calls it and does not handle it. To handle it, use the inverted class, Store.invert()',
    );
    expect(() => store.shelf.moved[verb](() => {})).toThrow('shelf.moved is outgoing on this side');
    expect(() => store.with({ timeout: 1 }).mood[verb](() => {})).toThrow('mood is outgoing');
  }
  const inverted: Unchecked = Store.invert().create();
  expect(() => inverted.take.connect(() => 1)).toThrow(
    'To handle it, use the class itself, Store, and not Store.invert()',
  );
});

it('incoming methods are not among the properties of a view', () => {
  const store: Unchecked = Store.create();
  const shown = (view: object): string[] => {
    const keys: string[] = [];
    for (const key in view) keys.push(key);
    return keys.sort();
  };
  expect(shown(store.remote)).toEqual(['detailed', 'mood', 'said', 'shelf']);
  expect(shown(store.gather(null))).toEqual(['mood', 'shelf']);
  expect(shown(store.remote.shelf)).toEqual(['detailed', 'moved']);
  expect(shown(store.said)).toEqual([]);
  expect(store.remote.unknown).toBe(undefined);
  expect(store.gather(null).unknown).toBe(undefined);
  expect(store.said instanceof Function).toBe(true);
  expect(store.said.call).toBe(Function.prototype.call);
});

it('requesting answers of a notification names the kind of the method', () => {
  const store: Unchecked = Store.create();
  expect(() => store.gather(null).said()).toThrow('said has no reply: gather and detailed are for requests');
  expect(() => store.remote.detailed.said()).toThrow('said has no reply: gather and detailed are for requests');
  const inverted: Unchecked = Store.invert().create();
  expect(() => inverted.gather(null).list()).toThrow('list returns a stream: gather and detailed are for requests');
});
