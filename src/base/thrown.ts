import { isError } from './kinds.js';

/** The text for a thrown value that throws when it is inspected, such as a revoked proxy. */
export const UNREADABLE = 'a value that is not an error was thrown';

/** The text of a thrown value: the message of an error, anything else as text. Never throws, whatever was thrown. */
export function messageOf(thrown: unknown): string {
  try {
    return String(isError(thrown) ? thrown.message : thrown);
  } catch {
    return UNREADABLE;
  }
}
