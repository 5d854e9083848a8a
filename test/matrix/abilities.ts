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
import { declarationOf } from '../../src/spec/decorators.js';

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

/** An error that arrives as an instance of its class. */
export class Overdrawn extends Error {
  override readonly name = 'Overdrawn';
  code = 17;
}

export type Step = (n: number) => unknown;

/** What a call can do: one method for each feature. `log` returns what the handlers have recorded. */
export class Abilities extends RemoteAPI {
  /** What was recorded under this key, in order; waits until there is something. */
  @incoming({ hasReply: true }) log(_sender: Sender, _args: { key: string; at?: number }): Reply<unknown> {}
  /** Never answers; records under the key why it was cancelled. */
  @incoming({ hasReply: true }) hang(_sender: Sender, _args: { key: string }): Reply<void> {}
  @incoming({ hasReply: true }) timeLeft(_sender: Sender): Reply<number> {}
  /** Calls `timeLeft` of the caller, and returns the time that is left there. */
  @incoming({ hasReply: true }) timeLeftBack(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) steps(_sender: Sender, _args: { to: number }): Reply<string, number> {}
  /** Returns the metadata of the call, and sends it back as the metadata of the reply. */
  @incoming({ hasReply: true }) tags(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) note(_sender: Sender, _args: { key: string; value: unknown }): Reply<string> {}
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { how: string }): Reply<never> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true }) each(_sender: Sender, _args: { to: number; step: Step }): Reply<number> {}
  @incoming({ hasReply: true }) basket(_sender: Sender): Reply<Basket> {}
  @incoming({ hasReply: true }) keep(_sender: Sender, _args: { step: Step }): Reply<void> {}
  @incoming({ hasReply: true }) callKept(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  /** The numbers up to `to`; fails after them if `fail` is set. */
  @incoming({ stream: true }) numbers(_sender: Sender, _args: { to: number; fails?: boolean }): Stream<number> {}
  /** Endless numbers; records under the key when the stream is cancelled. */
  @incoming({ stream: true }) endless(_sender: Sender, _args: { key: string }): Stream<number> {}
  @incoming({ hasReply: true }) sum(_sender: Sender, _args: { items: AsyncIterable<number> }): Reply<number> {}
  /** Twice the number, which may be left out. */
  @incoming({ hasReply: true, args: z.object({ n: z.number().max(100).default(21) }), returns: z.number() })
  twice(_sender: Sender, _args: { n?: number }): Reply<number> {}
  /** Only for callers whose metadata name ann. */
  @incoming({ hasReply: true, allow: ({ metadata }) => metadata.user === 'ann' })
  secret(_sender: Sender): Reply<string> {}
  /** What interceptors have recorded. */
  @incoming({
    hasReply: true,
    use: async (call, next) => `${call.direction}(${String(await next())})`,
    meta: { price: 5 },
  })
  wrapped(_sender: Sender): Reply<string> {}
  /** Adds the caller to a group, requests twice the number from everyone in it, and returns their answers. */
  @incoming({ hasReply: true }) ring(_sender: Sender, _args: { n: number }): Reply<number[]> {}
}

/** The opposite direction: what is incoming in `Abilities` is outgoing here. */
class Mirror extends RemoteAPI {}
const methods = Abilities.describe();
for (const { path } of methods) Object.defineProperty(Mirror.prototype, path, { value() {}, writable: true });
const bodies = Abilities.prototype as unknown as Readonly<Record<string, () => void>>;
declareMethods(
  Mirror,
  Object.fromEntries(
    methods.map(({ path }) => [path, outgoing(declarationOf(bodies[path] as () => void)?.options ?? {})]),
  ) as object,
);

/** Both sides have all methods, so that every feature can be tried in both directions. */
export class Stage extends RemoteAPI {
  readonly there = namespace(Abilities);
  readonly here = namespace(Mirror as unknown as { readonly prototype: Inverted<Abilities> & RemoteAPI });
  /** The other side tries a feature on this side: returns what went wrong, or `done`. */
  @incoming({ hasReply: true }) perform(_sender: Sender, _args: { feature: string }): Reply<string> {}
  /** For sides that have no other way to find out. */
  @incoming leave(_sender: Sender): void {}
  @outgoing unused(_to: Receivers): void {}
}

/** The calling side, as a feature sees it. */
export type Caller = Side<Inverted<Stage>>['there'];
/** The serving side. */
export type Server = Side<Stage>['there'];
