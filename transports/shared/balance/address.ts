import { parseAddress, readOptions, withoutPassword } from '../../../src/contract/address.js';
import { checkEach, must } from '../../../src/contract/check-options.js';
import type { Address, TransportSource } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';
import { splitParts } from '../mux/address.js';
import { isDelay, RECONNECTING, type RedialOptions } from '../redial/options.js';

/** How the part for a call is chosen: each in turn, or the one with the fewest pending calls. */
export type BalanceBy = 'turn' | 'pending';

/** What an address, or `balance()`, specifies. */
export interface BalancePlan {
  readonly by: BalanceBy;
  /** When a part that is down is dialed again. */
  readonly redial: RedialOptions;
}

const KINDS = { by: ['turn', 'pending'], delay: 'any', parts: 'any' } as const;
const EXPECTED = 'expected balance:(a)(b), as in balance:(tcp://10.0.0.1:8888)(tcp://10.0.0.2:8888)';
/** The parts, and the query of the whole behind them. */
const WHOLE = /^([^:]*):(.*?)(\?[^()[\]{}<>]*)?$/s;

/** The parts and the options of an address. Throws a UsageError for what does not fit. */
export function readBalance(address: Address): { readonly sources: TransportSource[]; readonly plan: BalancePlan } {
  const [, , brackets = '', query = ''] = WHOLE.exec(address.text) ?? [];
  const sources: TransportSource[] = brackets.trim() === '' ? [] : [...splitParts(brackets, 'balance')];
  const { options: inText } = parseAddress(address.text);
  const { options: own } = parseAddress(`balance:${query}`);
  const options: Record<string, unknown> = { ...own };
  // What parseAddress has found at the end of the last part belongs to that.
  for (const [name, value] of Object.entries(address.options)) if (inText[name] !== value) options[name] = value;
  const { by, delay, parts } = readOptions({ ...address, options }, KINDS);
  if (parts !== undefined) {
    if (!Array.isArray(parts)) throw new UsageError('balance: the option "parts" must be a list of transports');
    sources.push(...(parts as TransportSource[]));
  }
  if (sources.length === 0)
    throw new UsageError(
      `"${withoutPassword(address.text)}" has no parts; ${EXPECTED}, or the option "parts" with a list of transports`,
    );
  return { sources, plan: planOf({ by, delay: typeof delay === 'string' ? Number(delay) : delay }) };
}

const checks = {
  by: must((value) => value === 'turn' || value === 'pending', '"turn" or "pending"'),
  delay: isDelay,
};

/** The plan of options. Throws a UsageError for one that does not exist or does not fit. */
export function planOf(options: { readonly by?: BalanceBy | undefined; readonly delay?: unknown }): BalancePlan {
  checkEach(options, checks, '', 'balance: ');
  const { by = 'turn', delay = RECONNECTING.delay } = options;
  const isExact = typeof delay === 'number';
  return {
    by,
    redial: { ...RECONNECTING, delay: isExact ? [delay, delay] : (delay as RedialOptions['delay']), exact: isExact },
  };
}
