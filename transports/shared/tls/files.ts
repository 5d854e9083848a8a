import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../../src/contract/errors.js';
import { codeOf } from '../stream/errors.js';

/** A file that changes twice within the resolution of the clock of its file system seems unchanged, in milliseconds. */
const YOUNG_MS = 2_000n;

interface Known {
  readonly stamp: string;
  /** The file had changed shortly before it was read: it may have changed again since, without a trace in `stamp`. */
  readonly isYoung: boolean;
  readonly text: string;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; check the path, which is relative to the working directory',
  EACCES: 'this user may not read the file; check its permissions',
  EISDIR: 'that is a folder; name the file',
};

/** Files of certificates and keys. They are read synchronously, and again only if they have changed. */
export class PemFiles {
  private readonly known = new Map<string, Known>();

  /** The text of a file. Throws a UsageError if it cannot be read; `user` begins the text. */
  read(user: string, path: string): string {
    try {
      const stat = statSync(path, { bigint: true });
      const stamp = stampOf(stat);
      const known = this.known.get(path);
      if (known !== undefined && known.stamp === stamp && !known.isYoung) return known.text;
      const isYoung = BigInt(Date.now()) - stat.mtimeMs < YOUNG_MS;
      const text = readFileSync(path, 'latin1');
      this.known.set(path, { stamp, isYoung, text });
      return text;
    } catch (cause) {
      const code = codeOf(cause);
      const why = (code !== undefined && HINTS[code]) || (cause instanceof Error ? cause.message : String(cause));
      throw new UsageError(`${user}: cannot read ${path}: ${why}`, { cause });
    }
  }
}

function stampOf({ mtimeNs, ctimeNs, size, ino }: BigIntStats): string {
  return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
}
