import type { AddressObject, Codec, Security } from './contract.js';
import type { CodecPair, CodecSource, Options } from './options.js';
import { codec, security } from './registry.js';
import { plainValues, type SideValues } from './values/side-values.js';

/*
 * What the options of a side ask for. Of the library itself nothing is loaded for an option that is not given.
 */

/** The codec that the option asks for. Rejects with a UsageError if there is none, or if two do not go together. */
export async function codecFrom(asked: CodecSource | CodecPair = 'jrpc'): Promise<Codec> {
  if (typeof asked === 'string') return codec(asked);
  if ('encode' in asked) return asked as Codec;
  if ('url' in asked) return codec(asked as AddressObject);
  const pair = asked as CodecPair;
  const [read, written] = await Promise.all([codecFrom(pair.in), codecFrom(pair.out)]);
  const { codecPair } = await import('./codec-pair.js');
  return codecPair(read, written);
}

/** The same with the stages that the options put around it. */
export async function stagedCodecFrom({ codec, stages }: Options): Promise<Codec> {
  if (stages === undefined) return codecFrom(codec);
  const [bare, { staged }] = await Promise.all([codecFrom(codec), import('./middleware/staged.js')]);
  return staged(bare, stages);
}

/** What becomes of values with the types that the option names. Rejects with a UsageError for what is no type. */
export async function valuesFrom(types: Options['types'], codec: Codec): Promise<SideValues> {
  if (types === undefined || types.length === 0) return plainValues;
  const { typedValues } = await import('./values/typed-values.js');
  return typedValues(types, codec);
}

/** The security that the option asks for; undefined for none. */
export async function securityFrom(asked: Options['security']): Promise<Security | undefined> {
  if (asked === undefined || asked === null) return undefined;
  return (typeof asked === 'object' && 'seal' in asked ? (asked as Security) : await security(asked)) ?? undefined;
}
