/** A message as a store keeps it. */
export type Body = string | Uint8Array;

/** What a task is waiting for, or has come to. The text is what the table has in its column `state`. */
export type State = 'waiting' | 'delayed' | 'taken' | 'done' | 'dead';

/** A task that is to be stored. */
export interface NewTask {
  /** The name of the method on the wire. */
  readonly method: string;
  readonly body: Body;
  /** Somebody waits for its answer. */
  readonly asks: boolean;
  readonly key: string | undefined;
  /** In ms. */
  readonly delay: number;
  readonly priority: number;
  /** How often it is tried; undefined: as often as its worker specifies. */
  readonly attempts: number | undefined;
}

/** What was stored: the task itself, or the older one with its key. */
export interface Stored {
  readonly id: number;
  readonly method: string;
  readonly isOld: boolean;
}

/** A task that a worker has taken. */
export interface Task {
  readonly id: number;
  /** Undefined: it has more bytes than this side accepts. */
  readonly body: Body | undefined;
  /** How many bytes the body has. */
  readonly size: number;
  readonly asks: boolean;
  /** From 1. */
  readonly attempt: number;
  readonly attempts: number;
  readonly key: string | undefined;
  readonly stored: Date;
  /** What the store needs besides its number to find the next one. */
  readonly mark?: string | undefined;
}

/** After how many ms it is looked again for what somebody else has locked. */
export const HELD_MS = 50;

/** What a worker reports, and asks for. */
export interface Exchange {
  /** What has become of tasks. */
  readonly verdicts: readonly Verdict[];
  /** How many tasks are taken at most, which may be none, and about how many bytes they have. */
  readonly most: number;
  readonly bytes: number;
  /** The numbers of all tasks that the worker knows to be its own. */
  atWork(): readonly number[];
}

export interface Exchanged {
  /** What was taken. */
  readonly tasks: readonly Task[];
  /** Tasks whose workers have ended too often. */
  readonly dead: readonly { readonly id: number; readonly error: string }[];
  /** Of which tasks it is not known yet what has become of them, as another connection has locked them: they are sent again. */
  readonly held: readonly number[];
  /** In how many ms there may be more tasks, if nothing is reported by then. Only where some were asked for. */
  readonly next: number;
  /** The tasks that are due could not be looked for. */
  readonly failure?: unknown;
}

export type Claimed = Pick<Exchanged, 'tasks' | 'dead'>;

/** Whose leases go on. */
export interface Renewed {
  /** The tasks that belong to the worker. */
  readonly kept: ReadonlySet<number>;
  /** Those of them that somebody else has locked, and whose leases do not go on yet. */
  readonly held: readonly number[];
}

/** What has become of a task: `back` is a task that was given back, and whose attempt does not count. */
export interface Verdict {
  readonly task: Task;
  readonly state: 'done' | 'dead' | 'again' | 'back';
  /** In ms: after how long it is tried again. */
  readonly wait: number;
  readonly answer: Body | undefined;
  readonly error: string | undefined;
}

/** A task that has ended, or that is not there any more. */
export interface Ended {
  readonly id: number;
  readonly state: 'done' | 'dead' | 'gone';
  /** Undefined: there is none, or it has more bytes than this side accepts. */
  readonly answer: Body | undefined;
  readonly size: number;
  readonly error: string | undefined;
}

/** Where a reader is. */
export interface Place {
  /** The number of the last task that it has read, and its `mark`. */
  readonly last: number;
  readonly mark?: string | undefined;
  /** How often the task behind that has been begun. */
  readonly attempt: number;
}

/** Tasks behind the last one of a reader. */
export interface Page {
  readonly tasks: readonly Task[];
  /** There may be more that cannot be seen yet: somebody may still write before them. */
  readonly isHidden: boolean;
}

/** Who takes tasks, and how. */
export interface Terms {
  /** The id of this side. */
  readonly worker: string;
  /** In ms: for how long a task belongs to a worker that does not renew it. */
  readonly lease: number;
  /** How often a task is tried that does not specify it itself. */
  readonly attempts: number;
}

/** Something may have changed: which tasks have ended, if that is known. */
export type Changed = (ended?: readonly number[]) => void;

/** Where the tasks of one queue are kept. Each function is atomic, and may be called before an earlier one has ended. */
export interface Store {
  /** It does its work in this thread: nothing is gained by handing it over in parts while handlers run. */
  readonly isHere?: boolean;
  /** Stores tasks, in their order, all of them or none. */
  insert(tasks: readonly NewTask[]): Promise<readonly Stored[]>;
  /**
   * Tells what has become of tasks, and takes others: at least one if there is one and any were asked for. A task that the worker does not have
   * any more is left alone. May be repeated if it rejects: then nothing was taken that the worker will not get.
   */
  exchange(terms: Terms, wants: Exchange): Promise<Exchanged>;
  /** Begins the leases of these tasks anew. */
  renew(terms: Terms, ids: readonly number[]): Promise<Renewed>;
  /** Those of these tasks that have ended; at most so many bytes of answers, so that there may be more. */
  ended(ids: readonly number[], bytes: number): Promise<readonly Ended[]>;
  /** Takes the place of a reader, or keeps it for another lease; undefined if another side has it. `from`: where a new reader begins. */
  hold(reader: string, terms: Terms, from: 'all' | 'new' | number): Promise<Place | undefined>;
  /** Remembers the place of a reader. Returns false if another side has it. `left`: the last task could not be handled. */
  remember(reader: string, terms: Terms, place: Place, left?: { readonly error: string }): Promise<boolean>;
  /** Another side may have the place of the reader. */
  release(reader: string, worker: string, place: Place): Promise<void>;
  /** The tasks behind a place, in their order. */
  read(after: Place, most: number, bytes: number): Promise<Page>;
  /** Removes some of the tasks that have ended long enough ago. Returns how many. */
  sweep(most: number): Promise<number>;
  /** Counts the tasks; for a reader, those behind its last one. */
  stats(reader: string | undefined): Promise<Readonly<Record<string, number>>>;
  /** Whether the error may be over when the same is tried again. */
  isPassing(error: unknown): boolean;
  /** Whether tasks may be stored although `insert` has rejected with this error: its answer was lost. */
  mayHaveStored?(error: unknown): boolean;
  /** Calls back when something may have changed, by this side or another one. */
  watch(changed: Changed): void;
  close(): Promise<void>;
}

/** What a store needs to know of its side. */
export interface StorePlan {
  /** Without credentials, for errors. */
  readonly address: string;
  readonly queue: string;
  /** Whether the bodies are texts. */
  readonly isText: boolean;
  /** Whether this side stores tasks. */
  readonly writes: boolean;
  /** Tasks are stored for readers alone: no worker gets them. */
  readonly forReaders: boolean;
  /** In ms: how long a task stays after its end. */
  readonly keep: number;
  /** The largest body or answer in bytes that is read. */
  readonly mostBytes: number;
  /** In ms: how long one function may take. */
  readonly patience: number;
  /** What the store does beside its functions has failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** Why a task is dead whose workers have ended each time. */
export function killedEachTime(attempts: number | string): string {
  return `its worker ended before it was handled, in each of ${attempts} attempts`;
}
