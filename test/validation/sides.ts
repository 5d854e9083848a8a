import type { Inverted, Options, Peer, RemoteAPI, Side } from 'obverse';

/** The transports of the tests. */
export const ways = [
  ['memory', 'jrpc'],
  ['memory', 'msgpack'],
  ['tcp', 'jrpc'],
  ['tcp', 'msgpack'],
] as const;
export type Way = (typeof ways)[number];

/** Both sides of a conversation, and the reports of each. */
export interface Sides<S> extends AsyncDisposable {
  readonly here: Side<S>;
  readonly there: Side<Inverted<S>>;
  /** The reports to `here`. */
  readonly troubles: unknown[];
}

let rooms = 0;

/** Serves a spec, and connects its other side. */
export async function talk<S extends RemoteAPI>(
  spec: { readonly prototype: S },
  [transport, codec]: Way = ways[0],
  options: Partial<Options> = {},
  others: Partial<Options> = options,
): Promise<Sides<S>> {
  const api = spec as unknown as typeof RemoteAPI;
  const troubles: unknown[] = [];
  const url = transport === 'memory' ? `memory:validation-${++rooms}` : 'tcp://127.0.0.1:0';
  const here = await api.serve(url, { codec, ...options, logger: null });
  Object.defineProperty(here, 'onMessageError', { value: (_peer: Peer, error: unknown) => troubles.push(error) });
  const there = await api.invert().connect(here.address, { codec, ...others, logger: null });
  return {
    here: here as unknown as Side<S>,
    there: there as unknown as Side<Inverted<S>>,
    troubles,
    async [Symbol.asyncDispose]() {
      await there.close();
      await here.close();
    },
  };
}
