import type { Wire } from '../contract/contract.js';
import type { CloseOptions } from '../types/closing.js';
import type { Options } from '../types/options.js';

/** A side that serves, as far as the suite uses it. */
export interface ServingSide {
  readonly address: string;
  readonly peers: ReadonlyMap<string, unknown>;
  readonly who: Serving<[], string | Promise<string>>;
  readonly wait: Serving<[{ n: number }], Promise<string>>;
  readonly meet: Serving<[], Promise<string>>;
  name(receiver: unknown): Promise<string>;
  news(receivers: null, args: { text: string }): void;
  close(options?: CloseOptions): Promise<void>;
}

interface Serving<A extends readonly unknown[], R> {
  connect(handler: (sender: { readonly signal: AbortSignal }, ...args: A) => R): unknown;
}

interface Calls {
  who(): Promise<string>;
  wait(args: { n: number }): Promise<string>;
  meet(): Promise<string>;
}

/** A side that calls the service, as far as the suite uses it. */
export interface CallingSide {
  readonly peers: ReadonlyMap<string, { readonly isAway: boolean }>;
  readonly remote: Calls;
  to(receivers: null, options: { signal?: AbortSignal; idempotent?: boolean }): Calls;
  readonly name: { connect(handler: () => string): unknown };
  readonly news: { connect(handler: (sender: unknown, args: { text: string }) => void): unknown };
  pendingCalls(): readonly unknown[];
  close(): Promise<void>;
}

export interface Spec {
  serve(transport: (wire: Wire) => unknown, options: Options): Promise<ServingSide>;
  invert(): { connect(transport: (wire: Wire) => unknown, options: Options): Promise<CallingSide> };
}

let spec: Promise<Spec> | undefined;

/** The spec of both sides. The core is loaded with the first test that needs it. */
export function serviceSpec(): Promise<Spec> {
  spec ??= makeSpec();
  return spec;
}

async function makeSpec(): Promise<Spec> {
  const [{ RemoteAPI }, { incoming, outgoing }] = await Promise.all([
    import('../api/remote-api.js'),
    import('../spec/decorators.js'),
  ]);
  class Work extends RemoteAPI {
    who(_sender: object): void {}
    wait(_sender: object, _args: { n: number }): void {}
    meet(_sender: object): void {}
    name(_receivers: object): void {}
    news(_receivers: object, _args: { text: string }): void {}
  }
  const mark = (decorate: unknown, key: string): void =>
    (decorate as (target: object, key: string, property: PropertyDescriptor) => void)(
      Work.prototype,
      key,
      Object.getOwnPropertyDescriptor(Work.prototype, key) as PropertyDescriptor,
    );
  for (const key of ['who', 'wait', 'meet']) mark(incoming({ hasReply: true }), key);
  mark(outgoing({ hasReply: true }), 'name');
  mark(outgoing, 'news');
  return Work as unknown as Spec;
}
