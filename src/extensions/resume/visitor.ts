import type { Message } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import type { Visitor } from '../../types/resume.js';

/** How deep the user of a visitor is looked into. */
const LEVELS = 8;

/** Who has opened a connection, as far as that is known with its first message. */
export function visitorOf(connection: Connection, first: Message | undefined): Visitor {
  const { user } = connection as { readonly user?: unknown };
  const securityInfo = first !== undefined && first.kind !== 'bad' ? first.securityInfo : undefined;
  return { user, info: connection.link.info ?? {}, securityInfo };
}

/**
 * Whether both are the same: the same user, as `authenticate` or else the security has found it, with the same certificate. With neither,
 * whoever has the token is.
 */
export function isSame(one: Visitor, other: Visitor): boolean {
  return (
    isEqual(one.user, other.user, LEVELS) &&
    isEqual(one.securityInfo?.user, other.securityInfo?.user, LEVELS) &&
    certificateOf(one) === certificateOf(other)
  );
}

function certificateOf({ info }: Visitor): unknown {
  const { tls } = info as { readonly tls?: { readonly certificate?: { readonly fingerprint256?: unknown } } };
  return tls?.certificate?.fingerprint256;
}

/** Whether two values are the same data. What is not plain data is the same only if it is the same object. */
function isEqual(one: unknown, other: unknown, levels: number): boolean {
  if (Object.is(one, other)) return true;
  if (levels === 0 || typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return false;
  const prototype: unknown = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other)) return false;
  if (!Array.isArray(one) && prototype !== Object.prototype && prototype !== null) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isEqual((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key], levels - 1),
  );
}
