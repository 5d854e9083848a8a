import type { QueueStats } from 'obverse';
import { type Attempt, type Entry, heardBy, isHeard, isShipped, type Ledger, timesShipped } from './ledger.js';
import { table } from './screen.js';

/** Prints what has become of each order, and what that proves. Returns whether it is what the transport promises; `stats` if it keeps orders. */
export function report(ledger: Ledger, stats: QueueStats | undefined): boolean {
  const { entries, kills } = ledger;
  const head = ['order', 'article', 'placed at', 'packed by', 'tries', 'shipped', 'heard by'];
  console.log(`\n${table([head, ...entries.map(row)])}\n`);

  const shipped = entries.filter(isShipped);
  const twice = entries.filter((entry) => timesShipped(entry) > 1).length;
  const lost = entries.length - shipped.length;
  const unheard = entries.filter((entry) => isShipped(entry) && !isHeard(entry)).length;
  console.log(
    `${entries.length} orders, ${kills} processes killed (×): ${shipped.length} shipped, ${lost} lost, ${twice} shipped twice, ${unheard} not heard by all.`,
  );

  const isPlaced = entries.every((entry) => entry.isPlaced);
  if (stats === undefined) {
    console.log('ZeroMQ keeps nothing: what a killed process had, or what waited in its socket, is lost.');
    return isPlaced && (kills > 0 || lost + unheard === 0);
  }
  const numbers = Object.entries(stats).filter(([name]) => ['waiting', 'taken', 'dead'].includes(name));
  console.log(`In the queue: ${numbers.map(([name, number]) => `${number} ${name}`).join(', ')}.`);
  const isKept = isPlaced && lost === 0 && unheard === 0 && twice <= kills * 2 && !stats.dead && !stats.waiting;
  console.log(isKept ? 'No order was lost.' : 'THIS IS NOT WHAT THE QUEUE PROMISES.');
  return isKept;
}

function row(entry: Entry): readonly (string | number)[] {
  const { number, article, isPlaced, shop, worker } = entry;
  const times = timesShipped(entry);
  return [
    number,
    article,
    isPlaced ? list(shop) : 'NOT PLACED',
    list(worker) || '–',
    worker.length,
    times === 0 ? 'LOST' : times === 1 ? 'yes' : `${times} times`,
    heardBy(entry).join(', ') || '–',
  ];
}

/** In their order; a cross marks those that were killed meanwhile. */
function list(attempts: readonly Attempt[]): string {
  return attempts.map(({ name, end }) => (end === 'killed' ? `${name} ×` : name)).join(', ');
}
