import type { AddressObject, Codec, Security } from './contract.js';
import type { CodecPair, CodecSource, Options } from './options.js';
import { codec, security } from './registry.js';

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

/** The security that the option asks for; undefined for none. */
export async function securityFrom(asked: Options['security']): Promise<Security | undefined> {
  if (asked === undefined || asked === null) return undefined;
  return (typeof asked === 'object' && 'seal' in asked ? (asked as Security) : await security(asked)) ?? undefined;
}
