import { type FSWatcher, realpathSync, statSync, utimesSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { outside } from '../../../../src/base/async-context.js';
import { afterRealTime, clearTimer, setTimer, type Timer, time } from '../../../../src/base/time.js';
import { cannotOpen, isBusy, type SqlDatabase, type SqlStatement, sqliteOpener } from './driver.js';
import { hasTables, makeTables } from './schema.js';

/** How long, in ms, the thread waits while another connection writes; longer waits let it do something else in between. */
const BUSY_MS = 50;
/** At most, in ms: then it is tried again. */
const PAUSE_MS = 20;
/** In ms: when it is looked again for what another connection is writing. Others see it only when it is on disk, and nothing reports that. */
const LATER_MS = [10, 50, 200];

/** A file of SQLite with the tables of queues. */
export class SqliteFile {
  private readonly statements = new Map<string, SqlStatement>();
  private watcher: FSWatcher | undefined;
  private version: unknown;
  /** Which file of the disk was opened; undefined until it is prepared, or where that is not known. */
  private identity: string | undefined;
  /** The next look, and how many there were since the last event. */
  private later: Timer | undefined;
  private looks = 0;

  private constructor(
    private readonly db: SqlDatabase,
    private readonly path: string,
    private readonly patience: number,
  ) {}

  /** Opens a file, and makes it and its tables if they are missing. Rejects with a UsageError if that is not possible. */
  static async open(path: string, writes: boolean, patience: number): Promise<SqliteFile> {
    const Opener = await sqliteOpener();
    let file: SqliteFile;
    try {
      file = new SqliteFile(new Opener(path), path, patience);
    } catch (cause) {
      throw cannotOpen(path, cause);
    }
    try {
      await file.prepare(writes);
      return file;
    } catch (cause) {
      file.db.close();
      throw cannotOpen(path, cause);
    }
  }

  private async prepare(writes: boolean): Promise<void> {
    const { db } = this;
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    await this.patiently(() => db.exec('PRAGMA journal_mode = WAL'));
    // A power failure may take what workers have written last, which is done again then, but no task.
    db.exec(`PRAGMA synchronous = ${writes ? 'FULL' : 'NORMAL'}`);
    if (!(await this.patiently(() => hasTables(db)))) await this.atomic(() => makeTables(db));
    else this.mustBeWritable();
    this.identity = identityOf(this.path);
  }

  /** Who has a file open goes on writing to it when it is removed, or replaced by a copy: nobody else would ever see that. */
  private mustBeThere(): void {
    const now = this.identity && identityOf(this.path);
    if (now === undefined || now === this.identity) return;
    throw new Error(
      `${this.path} was removed or replaced while it was open, and nobody would see what is written here: close this side, and open it again`,
    );
  }

  /** A file that may only be read opens, and would refuse the first task. */
  private mustBeWritable(): void {
    try {
      // It changes nothing. To begin a transaction would not show it: that only reads where the file may only be read.
      this.db.exec('DELETE FROM obverse_schema WHERE version IS NULL');
    } catch (error) {
      // Somebody is writing, so it is.
      if (!isBusy(error)) throw error;
    }
  }

  /** A statement, which is prepared once. */
  sql(text: string): SqlStatement {
    let made = this.statements.get(text);
    if (made === undefined) {
      made = this.db.prepare(text);
      this.statements.set(text, made);
    }
    return made;
  }

  /** All that a function does in one transaction, or nothing of it. The function may be called again. */
  atomic<T>(body: () => T): Promise<T> {
    return this.patiently(() => {
      this.db.exec('BEGIN IMMEDIATE');
      try {
        const result = body();
        this.db.exec('COMMIT');
        return result;
      } catch (error) {
        try {
          this.db.exec('ROLLBACK');
        } catch {
          // After some errors, as that of a full disk, SQLite has done it already.
        }
        throw error;
      }
    });
  }

  /** Does something, and again as long as another connection writes. */
  async patiently<T>(body: () => T): Promise<T> {
    this.mustBeThere();
    for (const until = time() + this.patience; ; ) {
      try {
        return body();
      } catch (error) {
        if (!isBusy(error) || time() >= until) throw error;
      }
      await new Promise<void>((resolve) => afterRealTime(1 + Math.random() * PAUSE_MS, resolve));
    }
  }

  /**
   * Lets others know at once that something was written. What the system reports by itself, it reports too early: when the log is written, and
   * not yet on disk.
   */
  tell(): void {
    try {
      const now = new Date();
      utimesSync(this.path, now, now);
    } catch {
      // Only the owner of a file may do that. The others find out a little later.
    }
  }

  /** Calls back when another connection, of this process or of another one, has written. What it writes goes to the log beside the file. */
  watch(changed: () => void): void {
    try {
      // SQLite writes beside the file itself, wherever a link to it is.
      const path = realpathSync(this.path);
      const file = basename(path);
      this.watcher = outside(() =>
        watch(dirname(path), (_event, name) => {
          if (name !== file && name !== `${file}-wal`) return;
          if (this.hasChanged()) changed();
          this.looks = 0;
          if (this.later === undefined) this.lookLater(changed);
        }),
      );
      // Where folders cannot be watched, looking from time to time has to do.
      this.watcher.on('error', () => this.watcher?.close());
    } catch {}
  }

  private lookLater(changed: () => void): void {
    const ms = LATER_MS[this.looks++];
    this.later =
      ms === undefined
        ? undefined
        : setTimer(ms, () => {
            if (this.hasChanged()) changed();
            this.lookLater(changed);
          });
  }

  /** Whether another connection has written since the last time. */
  private hasChanged(): boolean {
    try {
      const { data_version: version } = this.sql('PRAGMA data_version').get() as { data_version: unknown };
      const isSame = version === this.version;
      this.version = version;
      return !isSame;
    } catch {
      return true;
    }
  }

  close(): void {
    this.watcher?.close();
    clearTimer(this.later);
    this.statements.clear();
    this.db.close();
  }
}

/** What distinguishes a file from another one of its name; undefined if that is not known, and nothing if there is none. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return ino === 0 ? undefined : `${dev} ${ino}`;
  } catch (error) {
    return (error as { code?: unknown }).code === 'ENOENT' ? '' : undefined;
  }
}
