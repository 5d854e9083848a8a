import { incoming, namespace, RemoteAPI, type Reply, type Sender, specFrom } from 'obverse';
import { mock, replay } from 'obverse/testing';
import { expect, it } from 'vitest';

class Store extends RemoteAPI {
  @incoming({ hasReply: true }) take(_sender: Sender): Reply<number> {}
}

// biome-ignore lint/suspicious/noExplicitAny: what a program gives that no types check
type Any = any;
const Unchecked: Any = Store;
const side: Any = Store.invert().create();

it.each<[string, (given: Any) => unknown]>([
  ['create', (given) => Unchecked.create(given)],
  ['create of the inverse', (given) => Unchecked.invert().create(given)],
  ['serve', (given) => Unchecked.serve('memory:options-object', given)],
  ['connect', (given) => Unchecked.connect('memory:options-object', given)],
  ['serve of the inverse', (given) => Unchecked.invert().serve('memory:options-object', given)],
  ['connect of the inverse', (given) => Unchecked.invert().connect('memory:options-object', given)],
  ['to', (given) => side.to(null, given)],
  ['with', (given) => side.with(given)],
  ['gather', (given) => side.gather(null, given)],
  ['group', (given) => side.group(`group ${String(given)}`, given)],
  ['callPath', (given) => side.callPath('take', undefined, given)],
  ['setHandler', (given) => side.setHandler('path', () => {}, given)],
  ['mount', (given) => side.mount('name', Store, given)],
  ['namespace', (given) => namespace(Store, given)],
  ['specFrom', (given) => specFrom([], given)],
  ['mock', (given) => mock(Store, given)],
  ['replay', (given) => replay([], given)],
])('%s says that options are an object, where it gets something else', async (_name, take) => {
  for (const given of ['msgpack', 5, ['msgpack']]) {
    const error = await Promise.resolve()
      .then(() => take(given))
      .then(
        () => 'nothing was thrown',
        (thrown: Error) => thrown.message,
      );
    expect(error).toMatch(/object, (as in \{ .+ \}, )?not ("msgpack"|5|\[.*\]|a list)/);
  }
});
