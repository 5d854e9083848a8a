import type { AddressObject, Codec, Security } from '../contract/contract.js';
import { DEFAULT_CONCURRENCY } from '../contract/limits.js';
import { codec, codecPair, security, stagedCodec } from '../plugins/registry.js';
import type { CodecPair, CodecSource, Options } from '../types/options.js';

/*
 * What the options of a side specify. Nothing of the library is loaded for an option that is not given.
 */

/** The codec that the option specifies. Rejects with a UsageError if there is none, or if two do not fit together. */
export async function codecFrom(source: CodecSource | CodecPair = 'jrpc'): Promise<Codec> {
  if (typeof source === 'string') return codec(source);
  if ('encode' in source) return source as Codec;
  if ('url' in source) return codec(source as AddressObject);
  const pair = source as CodecPair;
  return codecPair(...(await Promise.all([codecFrom(pair.in), codecFrom(pair.out)])));
}

/** The same with the stages that the options put around it. */
export async function resolveCodec({ codec, stages }: Options): Promise<Codec> {
  const bare = await codecFrom(codec);
  return stages === undefined ? bare : stagedCodec(bare, stages);
}

/** The security that the option specifies; undefined for none. Rejects with a UsageError if there is none of the name. */
export async function resolveSecurity(source: Options['security']): Promise<Security | undefined> {
  if (source === undefined || source === null) return undefined;
  return (typeof source === 'object' && 'seal' in source ? (source as Security) : await security(source)) ?? undefined;
}

/** How many calls run at a time: of each peer, and of all peers together. */
export function concurrencyOf({ concurrency }: Options): { readonly each: number; readonly all: number } {
  const { each = DEFAULT_CONCURRENCY, all = Number.POSITIVE_INFINITY } =
    typeof concurrency === 'object' ? concurrency : { each: concurrency };
  return { each, all };
}
