import type { Unbound } from '../base/bound-methods.js';
import { aName, checkEach } from '../contract/check-options.js';
import type { Id, TransportSource } from '../contract/contract.js';
import { brand, mustBeOfThisCopy } from '../contract/copies.js';
import { UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import { checkCallOptions } from '../spec/call-options.js';
import { registerInverse } from '../spec/inverse.js';
import {
  type MethodTable,
  methodDescription,
  methodsOf,
  methodTableOf,
  NamespaceMark,
  type SpecConstructor,
} from '../spec/method-table.js';
import type { CallOptions, MethodDescription, PendingCall } from '../types/call-options.js';
import type { CloseOptions } from '../types/closing.js';
import type { Inverted, Remote } from '../types/derived.js';
import type { CallEvents } from '../types/interceptor.js';
import type { apiBrand, Branded } from '../types/method.js';
import type { NamespaceOptions, Options } from '../types/options.js';
import type { Peer, Receivers } from '../types/peers.js';
import type { APIClass, Chosen, Invert, Inverting, OpenOptions, Side } from '../types/side.js';
import type { SideStats } from '../types/stats.js';
import type { Source } from '../types/transport-options.js';
import { RpcEndpoint } from './endpoint.js';
import { eventOwner } from './extension-registry.js';
import { implement } from './handlers.js';
import { pendingCalls } from './open-calls.js';
import { checkOptions, mustBeSideOptions } from './options.js';
import {
  boundToSide,
  classesOf,
  endpointOf,
  instantiate,
  makeSideClasses,
  type SideClasses,
  viewOf,
  withOptions,
} from './side-class.js';
import { defineMembers } from './side-members.js';
import { sideStats } from './side-stats.js';

/** The class of a spec, whose constructor is protected. */
type SpecClass<S> = { readonly prototype: S };

/**
 * What a spec extends. Its methods are marked `@incoming` or `@outgoing`, and their bodies are empty or check the
 * arguments. Sides come from `create`, `serve` and `connect`, the class of the other side from `invert`.
 */
export class RemoteAPI implements Branded {
  /** What the types know a spec by; it does not exist at run time. */
  declare readonly [apiBrand]: true;

  static {
    brand(this);
    brand(this.prototype);
  }

  protected constructor() {}

  // For a call with a mistake in its options, compilers take the first of these signatures: it infers the side from `invert` even
  // then, so that the mistake is the one error. The others are for calls that name the spec, as in `Chat.connect<Chat>(…)`.

  /** Makes a side without opening it: `await side.open()` does. Throws a UsageError for a spec or an option that cannot work. */
  static create<S extends Branded, I extends boolean = false>(
    this: SpecClass<S>,
    options?: Options<Remote<Chosen<S, I>>> & Invert<I>,
  ): Side<Chosen<S, I>>;
  static create<S extends Branded>(
    this: SpecClass<S>,
    options: Options<Remote<Inverted<S>>> & Inverting,
  ): Side<Inverted<S>>;
  static create<S extends Branded>(this: SpecClass<S>, options?: Options<Remote<S>>): Side<S>;
  static create(this: unknown, options: Options = {}): unknown {
    return createSide(this as SpecConstructor, checkOptions(options));
  }

  /** Makes a side and opens it; where the address leaves it open, it listens. Rejects if it cannot be opened. */
  static serve<S extends Branded, I extends boolean = false, const U extends string = string>(
    this: SpecClass<S>,
    transport: Source<U>,
    options?: OpenOptions & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  static serve<S extends Branded, const U extends string = string>(
    this: SpecClass<S>,
    transport: Source<U>,
    options: OpenOptions & Inverting,
  ): Promise<Side<Inverted<S>>>;
  static serve<S extends Branded, const U extends string = string>(
    this: SpecClass<S>,
    transport: Source<U>,
    options?: OpenOptions,
  ): Promise<Side<S>>;
  static serve(this: unknown, transport: TransportSource, options?: OpenOptions): Promise<unknown> {
    return opened(this, transport, true, options);
  }

  /** Makes a side and opens it; where the address leaves it open, it dials. Rejects if nobody is there. */
  static connect<S extends Branded, I extends boolean = false, const U extends string = string>(
    this: SpecClass<S>,
    transport: Source<U>,
    options?: OpenOptions<Remote<Chosen<S, I>>> & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  static connect<S extends Branded, const U extends string = string>(
    this: SpecClass<S>,
    transport: Source<U>,
    options: OpenOptions<Remote<Inverted<S>>> & Inverting,
  ): Promise<Side<Inverted<S>>>;
  static connect<S extends Branded, const U extends string = string>(
    this: SpecClass<S>,
    transport: Source<U>,
    options?: OpenOptions<Remote<S>>,
  ): Promise<Side<S>>;
  static connect(this: unknown, transport: TransportSource, options?: OpenOptions): Promise<unknown> {
    return opened(this, transport, false, options);
  }

  /** The class of the other side: incoming and outgoing change places. Twice gives the class itself. */
  static invert<S extends Branded>(this: SpecClass<S>): APIClass<Inverted<S>> {
    return inverse(this as unknown as SpecConstructor & APIClass<unknown>) as APIClass<Inverted<S>>;
  }

  /** The table of the spec as data: each method with its direction. Throws a UsageError for a spec that cannot work. */
  static describe(this: SpecClass<Branded>): MethodDescription[] {
    return describeSpec(this as unknown as SpecConstructor, false);
  }

  /**
   * Called with every fault of what a peer has sent: a message that cannot be read, an answer that nobody awaits, what
   * the handler of a notification throws. The connection continues unless the error says otherwise. Override it to do
   * something else than to report it to the logger, which gets 10 errors of a peer, and from then on, every 10 s, the number of
   * further ones; this method is called each time.
   * @param inReplyTo the id of the message, where it has one.
   */
  protected onMessageError(peer: Peer, error: unknown, inReplyTo?: Id): void {
    endpointOf(this).reports.reportError(peer, error, inReplyTo);
  }
}

// What a side has is not declared on the class: a spec would inherit it, and could then not be inverted. `Side<S>` has the types.
const members = {
  implement(this: object, handlers: object): object {
    implement(endpointOf(this), classesOf(this), handlers);
    return this;
  },
  to(this: object, receivers: Receivers, options?: CallOptions): object {
    return viewOf(this, 'remote', receivers, checkCallOptions(options));
  },
  with(this: object, options: CallOptions): object {
    return withOptions(this, checkCallOptions(options));
  },
  get remote(): object {
    const view = viewOf(this, 'remote', null, undefined);
    Object.defineProperty(this, 'remote', { value: view });
    return view;
  },
  pendingCalls(this: object): PendingCall[] {
    return pendingCalls(endpointOf(this));
  },
  stats(this: object): SideStats {
    return sideStats(endpointOf(this));
  },
  unhandledCalls(this: object): string[] {
    return endpointOf(this).dispatcher.unhandled(classesOf(this).table.path);
  },
  get peers(): ReadonlyMap<string, Peer> {
    return endpointOf(this).peerRegistry.peers;
  },
  get address(): string {
    return endpointOf(this).address;
  },
  on(this: object, event: 'connect' | 'disconnect' | keyof CallEvents, listener: (...told: never[]) => unknown) {
    return endpointOf(this).listeners.add(event, classesOf(this).table.path, listener, eventOwner(event));
  },
  describe(this: object): MethodDescription[] {
    return describeTable(classesOf(this).table, endpointOf(this).inverted);
  },
  async open(this: object): Promise<object> {
    await endpointOf(this).open(false);
    return this;
  },
  changeTransport(this: object, transport: TransportSource): Promise<void> {
    return endpointOf(this).changeTransport(transport);
  },
  close(this: object, options?: CloseOptions): Promise<void> {
    return endpointOf(this).close(options);
  },
  [Symbol.asyncDispose](this: object): Promise<void> {
    return endpointOf(this).close();
  },
};
const define = (key: string, member: PropertyDescriptor | undefined): void => {
  if (member === undefined) {
    Reflect.deleteProperty(RemoteAPI.prototype, key);
    return;
  }
  const isMethod = typeof member.value === 'function';
  Object.defineProperty(RemoteAPI.prototype, key, isMethod ? boundToSide(key, member.value as Unbound) : member);
};
/** The members of every side that are the core's. */
export const coreMembers: object = members;
for (const [key, member] of Object.entries(Object.getOwnPropertyDescriptors(members))) define(key, member);
defineMembers(define);
Object.defineProperty(RemoteAPI.prototype, Symbol.asyncDispose, { value: members[Symbol.asyncDispose] });

/** A nested API, as a field of a spec: `readonly room = namespace(Room)`. Its methods are `room.join` on the wire; `name` replaces `room`. */
export function namespace<S extends Branded>(api: SpecClass<S>, options: NamespaceOptions = {}): S {
  if (!(api?.prototype instanceof RemoteAPI)) {
    mustBeOfThisCopy('namespace(): the class', api);
    throw new UsageError('namespace() takes a class that extends RemoteAPI');
  }
  mustBeOptions(options, 'namespace(): the options', "{ name: 'room' }");
  checkEach(options, { name: aName, defaults: () => undefined }, '', 'namespace(): ');
  const { name, defaults } = options;
  return new NamespaceMark(api as unknown as SpecConstructor, name, checkCallOptions(defaults)) as unknown as S;
}

const madeFor = new WeakMap<SpecConstructor, { straight?: SideClasses; inverted?: SideClasses }>();

function createSide(spec: SpecConstructor, options: Options): object {
  if (spec === undefined)
    throw new UsageError(
      'call create, serve and connect on their class, as in Chat.serve(…): they need it as their this',
    );
  if (!(spec.prototype instanceof RemoteAPI))
    throw new UsageError('a side is made from a class that extends RemoteAPI');
  const made = madeFor.get(spec) ?? {};
  madeFor.set(spec, made);
  const direction = options.invert === true ? 'inverted' : 'straight';
  made[direction] ??= makeSideClasses(methodTableOf(spec, RemoteAPI.prototype), options.invert === true);
  const endpoint = new RpcEndpoint(options, (peer, error, id) =>
    (side as unknown as { onMessageError(peer: Peer, error: unknown, id?: Id): unknown }).onMessageError(
      peer,
      error,
      id,
    ),
  );
  const side = instantiate(made[direction], endpoint);
  endpoint.attached.self = side;
  return side;
}

async function opened(
  spec: unknown,
  transport: TransportSource,
  listens: boolean,
  options: Options = {},
): Promise<object> {
  mustBeSideOptions(options);
  if (Object.hasOwn(options, 'transport'))
    throw new UsageError('the transport is specified twice: pass it as the first argument only');
  const side = createSide(spec as SpecConstructor, checkOptions({ ...options, transport }));
  await endpointOf(side).open(listens);
  return side;
}

function inverse(spec: SpecConstructor & APIClass<unknown>): APIClass<unknown> {
  const flip = <O extends Options>(options: O = {} as O): O => {
    mustBeSideOptions(options);
    return { ...options, invert: options.invert !== true };
  };
  const other = {
    create: (options?: Options) => spec.create(flip(options)),
    serve: async (transport: TransportSource, options?: OpenOptions) => spec.serve(transport, flip(options)),
    connect: async (transport: TransportSource, options?: OpenOptions) => spec.connect(transport, flip(options)),
    invert: () => spec,
    describe: () => describeSpec(spec, true),
  };
  return registerInverse(other as APIClass<unknown>, spec);
}

function describeSpec(spec: SpecConstructor, inverted: boolean): MethodDescription[] {
  return describeTable(methodTableOf(spec, RemoteAPI.prototype), inverted);
}

function describeTable(table: MethodTable, inverted: boolean): MethodDescription[] {
  return methodsOf(table).map((descriptor) => methodDescription(descriptor, inverted));
}
