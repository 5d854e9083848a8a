import { isError } from './kinds.js';

/** The text for a thrown value that throws itself when it is looked at, such as a revoked proxy. */
export const UNREADABLE = 'something that is no error was thrown';

/** What a thrown value says: the message of an error, anything else as text. Never throws, whatever was thrown. */
export function messageOf(thrown: unknown): string {
  try {
    return String(isError(thrown) ? thrown.message : thrown);
  } catch {
    return UNREADABLE;
  }
}
