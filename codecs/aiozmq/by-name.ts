import type { CodecFactory } from '../../src/contract/contract.js';
import { packageError } from '../../src/contract/optional-package.js';
import { usePackage } from '../shared/msgpack/values.js';
import { aiozmqCodec } from './codec.js';

/** The codec for a side that names it: the package is loaded here. Rejects with a UsageError if that cannot be. */
export async function aiozmqByName(): Promise<{ readonly default: CodecFactory }> {
  try {
    usePackage((await import('msgpackr/index-no-eval')).default);
  } catch (cause) {
    throw packageError('the codec "aiozmq"', 'msgpackr', 'npm install msgpackr', cause);
  }
  return { default: aiozmqCodec };
}
