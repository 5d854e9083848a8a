import type { Found } from '../support/engines.js';

/** What can be done over an engine. */
export type Ability = 'broadcast' | 'calls back' | 'references' | 'progress' | 'topics' | 'cancel' | 'streams';

/** An engine: what its tests need, and what it does not have, with a part of the error that says so. */
export interface BeyondEngine {
  /** The program that it needs, if it needs one. */
  readonly program?: Found;
  /** Where to serve; who connects does so at `connect`, or at the address of who serves. Each call is another room. */
  address(): Promise<{ readonly serve: string; readonly connect?: string }>;
  readonly lacks: { readonly [A in Ability]?: RegExp };
  /** Ends what the engine needs. */
  close?(): Promise<void>;
}

const noTopics = (scheme: string): RegExp =>
  new RegExp(`^${scheme}: has no topics: to reach several peers, send to a group`);

/** By their names. Only the addresses differ. */
export const engines: Readonly<Record<string, BeyondEngine>> = {
  tcp: { address: async () => ({ serve: 'tcp://127.0.0.1:0' }), lacks: { topics: noTopics('tcp') } },
  ws: { address: async () => ({ serve: 'ws://127.0.0.1:0' }), lacks: { topics: noTopics('ws') } },
};
