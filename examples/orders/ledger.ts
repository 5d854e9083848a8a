import type { Job } from './crew.js';
import type { Order } from './orders.js';
import { names } from './places.js';

/** One attempt at a step of an order. */
export interface Attempt {
  readonly name: string;
  /** `killed`: its process was. */
  end: 'open' | 'done' | 'killed';
}

/** What has become of an order. */
export interface Entry extends Order {
  /** The customer has the answer of a shop. */
  isPlaced: boolean;
  readonly shop: Attempt[];
  readonly worker: Attempt[];
  readonly subscriber: Attempt[];
}

/** Notes what becomes of each order, from what the processes report. */
export class Ledger {
  readonly entries: readonly Entry[];
  /** How many processes were killed. */
  kills = 0;

  constructor(orders: readonly Order[]) {
    this.entries = orders.map((order): Entry => ({ ...order, isPlaced: false, shop: [], worker: [], subscriber: [] }));
  }

  placed(order: number): void {
    this.entry(order).isPlaced = true;
  }

  began({ role, name }: Job, order: number): void {
    this.entry(order)[role].push({ name, end: 'open' });
  }

  ended({ role, name }: Job, order: number): void {
    const attempt = this.entry(order)[role].find((each) => each.name === name && each.end === 'open');
    if (attempt !== undefined) attempt.end = 'done';
  }

  killed({ role, name }: Job): void {
    this.kills++;
    for (const attempt of this.entries.flatMap((entry) => entry[role]))
      if (attempt.name === name && attempt.end === 'open') attempt.end = 'killed';
  }

  /** How many orders have arrived everywhere. */
  get finished(): number {
    return this.entries.filter((entry) => entry.isPlaced && isShipped(entry) && isHeard(entry)).length;
  }

  private entry(order: number): Entry {
    const entry = this.entries[order - 1];
    if (entry === undefined) throw new Error(`there is no order ${order}`);
    return entry;
  }
}

/** The subscribers that have heard of the parcel. */
export function heardBy({ subscriber }: Entry): readonly string[] {
  return names.subscribers.filter((name) => subscriber.some((each) => each.name === name && each.end === 'done'));
}

/** All subscribers have heard of the parcel. */
export const isHeard = (entry: Entry): boolean => heardBy(entry).length === names.subscribers.length;

/** A worker has packed the order, and told the subscribers. */
export const isShipped = ({ worker }: Entry): boolean => worker.some(({ end }) => end === 'done');

/** How often an order was packed to the end. */
export const timesShipped = ({ worker }: Entry): number => worker.filter(({ end }) => end === 'done').length;
