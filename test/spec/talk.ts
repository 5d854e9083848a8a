import type { Inverted, Options, RemoteAPI, Side } from 'obverse';

/** Two sides that communicate in memory. */
export interface Talk<S> extends AsyncDisposable {
  /** The side that the class is written for. */
  readonly here: Side<S>;
  readonly there: Side<Inverted<S>>;
  /** Resolves when everything sent before has arrived on both sides. */
  settled(): Promise<void>;
}

let talks = 0;

/** Makes both sides of a spec, and opens them over memory. */
export async function talk<S extends RemoteAPI>(
  spec: { readonly prototype: S },
  options: Omit<Options, 'transport'> = {},
): Promise<Talk<S>> {
  const api = spec as unknown as typeof RemoteAPI;
  const room = `memory:talk-${++talks}`;
  const here = await api.serve(room, options);
  const there = await api.invert().connect(room, options);
  return {
    here: here as unknown as Side<S>,
    there: there as unknown as Side<Inverted<S>>,
    // In memory each frame takes a microtask, and a turn of the loop ends after all of them.
    settled: () => new Promise((resolve) => setImmediate(resolve)),
    async [Symbol.asyncDispose]() {
      await there.close();
      await here.close();
    },
  };
}
