import type { CodecFactory } from '../../src/contract/contract.js';
import { packageError } from '../../src/contract/optional-package.js';
import { usePackage } from '../shared/msgpack/values.js';
import { msgpackCodec } from './codec.js';

/**
 * The codec for a side that names it, as in `codec: 'msgpack'`. The package is loaded here rather than imported: in a
 * single-file bundle an import would be evaluated at startup, and a server without the package would not start. Rejects
 * with a UsageError if the package cannot be loaded.
 */
export async function msgpackByName(): Promise<{ readonly default: CodecFactory }> {
  try {
    usePackage((await import('msgpackr/index-no-eval')).default);
  } catch (cause) {
    throw packageError('the codec "msgpack"', 'msgpackr', 'npm install msgpackr', cause);
  }
  return { default: msgpackCodec };
}
