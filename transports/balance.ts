import type { TransportFactory } from '../src/contract/contract.js';
import { readBalance } from './shared/balance/address.js';
import { mustDial } from './shared/balance/holder.js';
import { Part } from './shared/balance/part.js';
import { BalanceTransport } from './shared/balance/transport.js';

export type { BalanceBy } from './shared/balance/address.js';
export { type Balance, type BalanceOptions, balance } from './shared/balance/holder.js';
export type { BalancePart } from './shared/balance/part.js';

/**
 * `balance:(a)(b)`: several servers behind one client, in brackets of any kind. All parts are dialed, and each call goes to one of those that
 * are up; a part that is down is left out, and dialed again. `connect` resolves when the first part is up, and rejects if none can be reached.
 *
 * Options: `by`, which part gets a call: `turn` (default), each in turn, or `pending`, the one with the fewest pending calls; `delay`, in
 * milliseconds, how long to wait before a part is dialed again, as for `reconnect+`; `parts`, a list of further parts.
 *
 * Throws a UsageError when it must listen, for an unknown option, and without parts.
 */
const balance: TransportFactory = (address, wire) => {
  mustDial(wire);
  const { sources, plan } = readBalance(address);
  return new BalanceTransport(
    sources.map((source) => new Part(source)),
    plan,
    wire,
  );
};

export default balance;
