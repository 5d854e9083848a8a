import type { Caller } from '../contestant.js';

/** The load that one contestant runs. */
export type Load =
  | { readonly kind: 'calls'; readonly inFlight: number }
  | { readonly kind: 'notes' }
  | { readonly kind: 'bytes' | 'object' | 'text'; readonly inFlight: number };

/** When a load ends: after this many calls, after this many milliseconds, or whichever comes first. */
export interface Until {
  readonly count?: number;
  readonly ms?: number;
}

/** How many calls were made, and in which time. */
export interface Carried {
  readonly count: number;
  readonly ms: number;
}

const MEBIBYTE = Uint8Array.from({ length: 1024 * 1024 }, (_, at) => at * 7);
/** 1 MiB of base64. */
const TEXT = Buffer.from(MEBIBYTE.subarray(0, (3 * MEBIBYTE.length) / 4)).toString('base64');
/** About 10 KB as JSON. */
const OBJECT = {
  page: 1,
  rows: Array.from({ length: 56 }, (_, at) => ({
    id: at,
    name: `Somebody With A Name ${at}`,
    email: `somebody.${at}@example.org`,
    active: at % 3 === 0,
    score: at / 8,
    tags: ['red', 'blue'],
    address: { city: 'Springfield', code: 10_000 + at },
  })),
};
const NOTERS = 8;
const NOTES_BETWEEN_CALLS = 128;

/** Shared by the callers of one load: they stop together. */
class Progress {
  count = 0;
  over = false;
  private readonly limit: number;
  private readonly began = performance.now();
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(until: Until) {
    this.limit = until.count ?? Number.POSITIVE_INFINITY;
    if (until.ms !== undefined) this.timer = setTimeout(() => (this.over = true), until.ms);
  }

  add(n: number): void {
    this.count += n;
    if (this.count >= this.limit) this.over = true;
  }

  end(): Carried {
    clearTimeout(this.timer);
    return { count: this.count, ms: performance.now() - this.began };
  }
}

/** Runs a load until it has ended and everything sent has been answered. Throws if one answer is wrong. */
export async function carry(caller: Caller, load: Load, until: Until): Promise<Carried> {
  const progress = new Progress(until);
  const callers: Promise<void>[] = [];
  if (load.kind === 'notes') {
    const told = { sum: await count(caller) };
    for (let slot = 0; slot < NOTERS; slot++) callers.push(notes(caller, told, progress));
    await Promise.all(callers);
    const carried = progress.end();
    const arrived = await count(caller);
    if (arrived !== told.sum) throw new Error(`notes adding up to ${told.sum} were sent, ${arrived} arrived`);
    return carried;
  }
  const one = { calls, bytes, object: objects, text: texts }[load.kind];
  for (let slot = 0; slot < load.inFlight; slot++) callers.push(one(caller, slot, progress));
  await Promise.all(callers);
  return progress.end();
}

/** One call in flight: the next one is sent when the answer has arrived. */
async function calls(caller: Caller, slot: number, progress: Progress): Promise<void> {
  while (!progress.over) {
    const a = progress.count % 1_000;
    const sum = await caller.add(a, slot);
    if (sum !== a + slot) throw new Error(`add(${a}, ${slot}) was answered ${String(sum)}`);
    progress.add(1);
  }
}

/** Notifications are not answered, so a call after some of them limits the sender to the pace of the receiver. */
async function notes(caller: Caller, told: { sum: number }, progress: Progress): Promise<void> {
  if (caller.note === undefined) throw new Error('this contestant has no notes');
  while (!progress.over) {
    for (let n = 1; n <= NOTES_BETWEEN_CALLS; n++) {
      caller.note(n);
      told.sum += n;
    }
    await count(caller);
    progress.add(NOTES_BETWEEN_CALLS);
  }
}

async function bytes(caller: Caller, slot: number, progress: Progress): Promise<void> {
  if (caller.bytes === undefined) throw new Error('this contestant carries no bytes');
  const sent = MEBIBYTE.slice();
  for (let turn = 0; !progress.over; turn++) {
    sent[turn] = turn + slot;
    const back = await caller.bytes(sent);
    if (!(back instanceof Uint8Array) || Buffer.compare(back, sent) !== 0) throw new Error('other bytes came back');
    progress.add(1);
  }
}

async function objects(caller: Caller, slot: number, progress: Progress): Promise<void> {
  for (let turn = 0; !progress.over; turn++) {
    const page = turn * 100 + slot;
    const back = (await echoed(caller, { ...OBJECT, page })) as typeof OBJECT;
    if (back.page !== page || back.rows.length !== OBJECT.rows.length || back.rows[slot]?.id !== slot)
      throw new Error('another object came back');
    progress.add(1);
  }
}

async function texts(caller: Caller, _slot: number, progress: Progress): Promise<void> {
  while (!progress.over) {
    if ((await echoed(caller, TEXT)) !== TEXT) throw new Error('another text came back');
    progress.add(1);
  }
}

function echoed(caller: Caller, value: unknown): Promise<unknown> {
  if (caller.echo === undefined) throw new Error('this contestant echoes nothing');
  return caller.echo(value);
}

function count(caller: Caller): Promise<number> {
  if (caller.counted === undefined) throw new Error('this contestant does not count its notes');
  return caller.counted();
}
