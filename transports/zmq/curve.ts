import type { OptionKind } from '../../src/contract/address.js';
import { UsageError } from '../../src/contract/errors.js';

/** The options of encryption by CURVE, which the package gets as they are. */
export const CURVE = {
  curveServer: 'flag',
  curvePublicKey: 'text',
  curveSecretKey: 'text',
  curveServerKey: 'text',
} as const satisfies Record<string, OptionKind>;

type CurveOptions = { readonly [N in keyof typeof CURVE]?: string | boolean };

/** A key as text: 40 characters of Z85. */
const KEY = /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;

/**
 * Throws a UsageError for a key in another form, and where keys are missing or encrypt nothing: ZeroMQ would let nobody in, or everybody. The
 * text has no key in it.
 */
export function checkCurve(options: CurveOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'string' && !KEY.test(value))
      throw new UsageError(
        `zmq: the option "${name}" must be a key of 40 characters, as curveKeyPair() of the package zeromq makes them`,
      );
  }
  const { curveServer = false, curvePublicKey, curveSecretKey, curveServerKey } = options;
  if (curveServer && curveServerKey !== undefined)
    throw new UsageError(
      'zmq: the options "curveServer" and "curveServerKey" exclude each other: the first is for the side that has the key of the server, the second for those that connect to it',
    );
  if (curveServer && curveSecretKey === undefined)
    throw new UsageError('zmq: the option "curveServer" needs the option "curveSecretKey"');
  if (curveServerKey !== undefined && (curvePublicKey === undefined || curveSecretKey === undefined))
    throw new UsageError(
      'zmq: the option "curveServerKey" needs the options "curvePublicKey" and "curveSecretKey", the keys of this side',
    );
  if (!curveServer && curveServerKey === undefined && (curvePublicKey ?? curveSecretKey) !== undefined)
    throw new UsageError(
      'zmq: the keys of this side encrypt nothing without the option "curveServer" (the server) or "curveServerKey" (those that connect to it)',
    );
}
