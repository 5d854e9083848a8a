import type { TransportSource } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import type { MethodDescription } from '../types/call-options.js';
import type { Handlers, Inverted, Remote } from '../types/derived.js';
import type { Branded } from '../types/method.js';
import type { Options } from '../types/options.js';
import type { Sender } from '../types/peers.js';
import type { APIClass, Side } from '../types/side.js';
import { FakeBehaviour, type FakeMethod } from './fake-method.js';

/** The incoming methods of a fake. */
export type FakeMethods<S> = {
  readonly [K in keyof Handlers<S>]: K extends keyof S
    ? Handlers<S>[K] extends (...args: never[]) => unknown
      ? FakeMethod<S[K]>
      : FakeMethods<S[K]>
    : never;
};
/** A fake peer: a test configures the answers of its incoming methods, and can call its outgoing ones. */
export type Fake<S> = FakeMethods<S> & Remote<S>;

/** A call that a fake has received. */
export interface FakeCall {
  /** The property path of the method in the spec, with dots. */
  readonly path: string;
  readonly args: readonly unknown[];
  /** The id of the calling peer. */
  readonly peer: string;
}

/** Options of {@link mock}: those of both sides. */
export interface MockOptions extends Omit<Options, 'transport' | 'invert'> {
  /** Where the fake listens: by default in memory, at an address of its own. */
  readonly transport?: TransportSource;
}

/** A fake peer, and the side that is connected to it. */
export interface Mock<S> extends AsyncDisposable {
  /** For the tested code: a normal side, open, and connected to the fake. */
  readonly side: Side<Inverted<S>>;
  /** For the test: the answers of the peer, the calls that it receives, and its own calls. */
  readonly fake: Fake<S>;
  /** The side of the fake, for what `fake` does not have: its peers, receivers, options of calls. */
  readonly far: Side<S>;
  /** The address for code that creates its side itself. Each such side is another peer of the fake. */
  readonly address: string;
  /** Every call that the fake has received, in the order of arrival. */
  readonly calls: readonly FakeCall[];
  /** Closes both sides. May be called twice. */
  close(): Promise<void>;
}

let rooms = 0;

/**
 * A fake peer for tests of code that calls one. The fake is the side of the class itself; the tested code gets the
 * other side. `mock(Chat)` is for the code of a client, if `Chat` is written from the server's point of view, and
 * `mock(Chat.invert())` for the code of that server. Everything between the two is real: a codec, a link in memory, and
 * the checks in the bodies of the class.
 *
 * Rejects with a UsageError for an invalid spec or option, and with the error of the transport if that cannot be
 * opened.
 *
 * @example
 * await using chat = await mock(Chat);
 * chat.fake.join.answers(7);
 * await new Client(chat.side).enter('ann');
 * assert.deepEqual(chat.fake.join.calls, [[{ nick: 'ann' }]]);
 */
export function mock<S extends Branded>(api: { readonly prototype: S }, options?: MockOptions): Promise<Mock<S>>;
export function mock<S>(api: APIClass<S>, options?: MockOptions): Promise<Mock<S>>;
export async function mock(api: unknown, options: MockOptions = {}): Promise<Mock<unknown>> {
  mustBeOptions(options, 'mock(): the options', '{ codec: "msgpack" }');
  const { transport = `memory:obverse-mock-${++rooms}`, ...both } = options;
  const spec = api as APIClass<unknown> & { readonly name?: string };
  if (typeof spec?.serve !== 'function' || typeof spec.invert !== 'function') {
    throw new UsageError('mock() takes a class that extends RemoteAPI, or the result of its invert()');
  }
  const far = await spec.serve(transport, both);
  const calls: FakeCall[] = [];
  const fake = fakeOf(far, spec.name ?? 'peer', calls);
  try {
    const met = new Promise<void>((resolve) => {
      const off = far.on('connect', () => {
        off();
        resolve();
      });
    });
    const side = await spec.invert().connect(far.address, both);
    const close = async (): Promise<void> => {
      await Promise.all([side.close(), far.close()]);
    };
    await met;
    return { side, fake, far, address: far.address, calls, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await far.close();
    throw error;
  }
}

type Tree = { [key: string]: unknown };
interface Port {
  connect(handler: (sender: Sender, ...args: unknown[]) => unknown): unknown;
}

/** Replaces each method of a side by a fake. */
function fakeOf(far: Side<unknown>, spec: string, calls: FakeCall[]): Fake<unknown> {
  const fake: Tree = {};
  for (const { path, direction, kind } of far.describe()) {
    const place = path.split('.');
    const key = place.pop() as string;
    const within = place.reduce((tree, name) => {
      tree[name] ??= {};
      return tree[name] as Tree;
    }, fake);
    within[key] = direction === 'incoming' ? heard(far, spec, path, kind, calls) : at(far.remote, path);
  }
  return fake as Fake<unknown>;
}

function heard(
  far: Side<unknown>,
  spec: string,
  path: string,
  kind: MethodDescription['kind'],
  calls: FakeCall[],
): FakeBehaviour {
  const behaviour = new FakeBehaviour(spec, path, kind);
  (at(far, path) as Port).connect((sender, ...args) => {
    calls.push({ path, args, peer: sender.id });
    return behaviour.take(sender, args);
  });
  return behaviour;
}

/** The member at a path; a method keeps its `this`. */
function at(root: unknown, path: string): unknown {
  const names = path.split('.');
  const key = names.pop() as string;
  const holder = names.reduce((tree, name) => tree[name] as Tree, root as Tree);
  const found = holder[key];
  return typeof found === 'function' ? found.bind(holder) : found;
}
