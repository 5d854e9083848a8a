import type { Address, CodecFactory } from '../../src/contract/contract.js';
import { packageError } from '../../src/contract/optional-package.js';
import { usePackage } from '../shared/msgpack/values.js';
import { codecWith } from './codec.js';
import { json } from './json.js';
import { msgpack } from './msgpack.js';
import { valuesIn } from './values.js';

/** The codec for a side that names it: the package is loaded if it is needed. Rejects with a UsageError if that cannot be. */
export async function aiomasByName(address: Address): Promise<{ readonly default: CodecFactory }> {
  if (valuesIn(address) === 'json') return { default: () => codecWith(json) };
  try {
    usePackage((await import('msgpackr/index-no-eval')).default);
  } catch (cause) {
    throw packageError('the codec "aiomas?values=msgpack"', 'msgpackr', 'npm install msgpackr', cause);
  }
  return { default: () => codecWith(msgpack) };
}
