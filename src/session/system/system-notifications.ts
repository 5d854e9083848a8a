import type { Call } from '../../contract/contract.js';
import type { Session } from '../session.js';

/**
 * Whether a notification of the library, or of a dialect that means one, was understood or may be ignored; if not, it is a method of
 * the side under its own name. A token of a dialect may be one that the application knows; and a name that begins with `rpc.` may be
 * that of another protocol, which the side has declared. Throws what understanding it throws.
 */
export function isUnderstood(session: Session, call: Call): boolean {
  const { means } = call;
  const { method, args } = means ?? call;
  const { notifications } = session.host;
  const known = Object.hasOwn(notifications, method) ? notifications[method] : undefined;
  if (means === undefined) {
    if (known !== undefined) known(session, args);
    else if (Object.hasOwn(session.host.controls, method)) control(session, method, args);
    else return !session.host.handles(method);
    return true;
  }
  const given = known?.(session, args);
  return given !== undefined && given !== false;
}

function control({ connection, host }: Session, method: string, args: readonly unknown[]): void {
  if (connection !== undefined) host.controls[method]?.(connection, args);
}
