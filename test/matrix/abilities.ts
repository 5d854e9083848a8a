import {
  declareMethods,
  type Inverted,
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  reference,
  type Sender,
  type Side,
  type Stream,
} from 'obverse';
import { z } from 'zod';
import { markOf } from '../../src/spec/decorators.js';

/** An object that is passed by reference. */
@reference
export class Basket {
  private readonly items: string[] = [];
  put(item: string): number {
    return this.items.push(item);
  }
  async list(): Promise<string[]> {
    return [...this.items];
  }
}

/** An error that arrives as itself. */
export class Overdrawn extends Error {
  override readonly name = 'Overdrawn';
  code = 17;
}

export type Step = (n: number) => unknown;

/** What a call can do beyond asking: one method for each. `log` says what the handlers have seen. */
export class Abilities extends RemoteAPI {
  /** What was noted under this key, in order; waits until there is something. */
  @incoming({ hasReply: true }) log(_sender: Sender, _args: { key: string; at?: number }): Reply<unknown> {}
  /** Never answers; notes under the key why it was given up. */
  @incoming({ hasReply: true }) hang(_sender: Sender, _args: { key: string }): Reply<void> {}
  @incoming({ hasReply: true }) timeLeft(_sender: Sender): Reply<number> {}
  /** Calls `timeLeft` of the caller, and gives what is left there. */
  @incoming({ hasReply: true }) timeLeftBack(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) steps(_sender: Sender, _args: { to: number }): Reply<string, number> {}
  /** Gives the metadata of the call, and tells it back as the metadata of the reply. */
  @incoming({ hasReply: true }) tags(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) note(_sender: Sender, _args: { key: string; value: unknown }): Reply<string> {}
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { how: string }): Reply<never> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true }) each(_sender: Sender, _args: { to: number; step: Step }): Reply<number> {}
  @incoming({ hasReply: true }) basket(_sender: Sender): Reply<Basket> {}
  @incoming({ hasReply: true }) keep(_sender: Sender, _args: { step: Step }): Reply<void> {}
  @incoming({ hasReply: true }) callKept(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  /** The numbers up to `to`; fails after them if it is told to. */
  @incoming({ stream: true }) numbers(_sender: Sender, _args: { to: number; fails?: boolean }): Stream<number> {}
  /** Numbers without an end; notes under the key when nobody wants more. */
  @incoming({ stream: true }) endless(_sender: Sender, _args: { key: string }): Stream<number> {}
  @incoming({ hasReply: true }) sum(_sender: Sender, _args: { items: AsyncIterable<number> }): Reply<number> {}
  /** Twice the number, which may be left out. */
  @incoming({ hasReply: true, args: z.object({ n: z.number().max(100).default(21) }), returns: z.number() })
  twice(_sender: Sender, _args: { n?: number }): Reply<number> {}
  /** Only for those who say that they are ann. */
  @incoming({ hasReply: true, allow: ({ metadata }) => metadata.user === 'ann' })
  secret(_sender: Sender): Reply<string> {}
  /** What interceptors have left. */
  @incoming({
    hasReply: true,
    use: async (call, next) => `${call.direction}(${String(await next())})`,
    meta: { price: 5 },
  })
  wrapped(_sender: Sender): Reply<string> {}
  /** Puts the caller into a group, asks all who are in it for twice the number, and gives what they say. */
  @incoming({ hasReply: true }) ring(_sender: Sender, _args: { n: number }): Reply<number[]> {}
}

/** The same the other way: what `Abilities` says is incoming, goes out. */
class Mirror extends RemoteAPI {}
const methods = Abilities.describe();
for (const { path } of methods) Object.defineProperty(Mirror.prototype, path, { value() {}, writable: true });
const bodies = Abilities.prototype as unknown as Readonly<Record<string, () => void>>;
declareMethods(
  Mirror,
  Object.fromEntries(
    methods.map(({ path }) => [path, outgoing(markOf(bodies[path] as () => void)?.options ?? {})]),
  ) as object,
);

/** Both ends have all abilities, so that whatever is tried one way can be tried the other way. */
export class Stage extends RemoteAPI {
  readonly there = namespace(Abilities);
  readonly here = namespace(Mirror as unknown as { readonly prototype: Inverted<Abilities> & RemoteAPI });
  /** The far end tries a feature on this end: gives what went wrong, or `done`. */
  @incoming({ hasReply: true }) perform(_sender: Sender, _args: { feature: string }): Reply<string> {}
  /** For the ends that have no other way to be told. */
  @incoming leave(_sender: Sender): void {}
  @outgoing unused(_to: Receivers): void {}
}

/** The end that calls, as a feature sees it. */
export type Caller = Side<Inverted<Stage>>['there'];
/** The end that serves. */
export type Server = Side<Stage>['there'];
