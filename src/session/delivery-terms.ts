import type { Delivery, Link } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';

/** Throws a UsageError for an option of `delivery` that a link does not support. */
export function mustKeep({ peer, keeps = [] }: Link, delivery: Delivery): void {
  for (const name of Object.keys(delivery) as (keyof Delivery)[]) {
    if (delivery[name] === undefined || keeps.includes(name)) continue;
    const kept = keeps.length === 0 ? 'nothing of "delivery"' : `only ${keeps.join(', ')} of it`;
    throw new UsageError(`the option "delivery" has "${name}", and the link to ${peer} supports ${kept}`);
  }
}
