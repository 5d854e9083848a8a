import type { AddressObject, Codec, Security } from '../contract/contract.js';
import { codec, security } from '../plugins/registry.js';
import type { CodecPair, CodecSource, Options } from '../types/options.js';

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
  const { codecPair } = await import('../extensions/codecs/codec-pair.js');
  return codecPair(read, written);
}

/** The same with the stages that the options put around it. */
async function stagedCodecFrom({ codec, stages }: Options): Promise<Codec> {
  if (stages === undefined) return codecFrom(codec);
  const [bare, { staged }] = await Promise.all([codecFrom(codec), import('../extensions/codecs/staged-codec.js')]);
  return staged(bare, stages);
}

/** The security that the option asks for; undefined for none. */
async function securityFrom(asked: Options['security']): Promise<Security | undefined> {
  if (asked === undefined || asked === null) return undefined;
  return (typeof asked === 'object' && 'seal' in asked ? (asked as Security) : await security(asked)) ?? undefined;
}

/** What stands between a session and its link, where there is a security. */
export type SealingRoom = typeof import('../extensions/security/sealed-frames.js');

/** What the options of a side make of it. */
export interface Chosen {
  readonly codec: Codec;
  readonly security: Security | undefined;
  /** There where a security is. */
  readonly sealing: SealingRoom;
}

/**
 * Loads what the options ask for, all of it at the same time; `opening` loads what extensions need. Rejects with a UsageError for what
 * there is not, or does not fit.
 */
export async function chosenFrom(
  options: Options,
  opening: (codec: Promise<Codec>) => Promise<unknown>,
): Promise<Chosen> {
  const asked = stagedCodecFrom(options);
  const sealed = securityFrom(options.security).then(
    async (security) =>
      [security, (security && (await import('../extensions/security/sealed-frames.js'))) as SealingRoom] as const,
  );
  const [codec, [security, sealing]] = await Promise.all([asked, sealed, opening(asked)]);
  return { codec, security, sealing };
}
