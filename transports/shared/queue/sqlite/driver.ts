import { UsageError } from '../../../../src/contract/errors.js';
import { packageError } from '../../../../src/contract/optional-package.js';

/** What a statement takes and returns. */
export type SqlValue = string | number | null | Uint8Array;

export interface SqlStatement {
  /** Returns how many rows have changed, and the number of the row that was inserted last. */
  run(...values: SqlValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  /** The first row; undefined or null if there is none. */
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** The part of SQLite that all runtimes have. All of it is synchronous. */
export interface SqlDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqlStatement;
  close(): void;
}

type Opener = new (file: string) => SqlDatabase;

/** What opens a file: `bun:sqlite`, `node:sqlite`, or the package libsql, where the runtime has none. Rejects with a UsageError if there is none. */
export async function sqliteOpener(): Promise<Opener> {
  const { process } = globalThis;
  // Bundlers know neither of them, so that no import names them.
  const builtin = (name: string): Record<string, Opener> | undefined =>
    process?.getBuiltinModule?.(name as 'node:fs') as unknown as Record<string, Opener> | undefined;
  const { Database } = (process?.versions?.bun !== undefined && builtin('bun:sqlite')) || {};
  if (Database !== undefined) return Database;
  const { DatabaseSync } = builtin('node:sqlite') ?? {};
  if (DatabaseSync !== undefined) return DatabaseSync;
  try {
    return (await import('libsql')).default as unknown as Opener;
  } catch (cause) {
    throw packageError(
      'the transport sqlite:, on Node before 22.13,',
      'libsql',
      'npm install libsql, or use a newer Node, which has SQLite',
      cause,
    );
  }
}

/** Whether another connection was writing for too long. */
export function isBusy(error: unknown): boolean {
  const { code, errcode, message } = error as { code?: unknown; errcode?: unknown; message?: unknown };
  return code === 'SQLITE_BUSY' || errcode === 5 || /database is locked|SQLITE_BUSY/.test(String(message));
}

/** The error for a file that cannot be opened, with what to do about it. */
export function cannotOpen(file: string, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  const hint = /unable to open|no such file|cannot open/i.test(text)
    ? '; expected a file in a folder that exists and can be written to'
    : /not a database/i.test(text)
      ? '; expected a file of SQLite, or one that does not exist yet'
      : /readonly|read-only/i.test(text)
        ? '; a queue is written to, also by who works: the file and its folder must be writable'
        : /already exists|no such (table|column)|has no column/i.test(text)
          ? '; it has tables of the names obverse_… that are not those of this library, or were changed: use another file, or rename them'
          : '';
  return new UsageError(`sqlite: ${file} cannot be opened: ${text}${hint}`, { cause });
}
