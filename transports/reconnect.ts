import { parseAddress, withoutPassword } from '../src/contract/address.js';
import type { Address, TransportFactory, TransportSource } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { within as inOuter } from '../src/contract/misplaced-option.js';
import { splitParts } from './shared/mux/address.js';
import { RECONNECTING, type RedialOptions, readRedialOptions } from './shared/redial/options.js';
import { RedialTopics } from './shared/redial/topics.js';
import { RedialTransport } from './shared/redial/transport.js';

/** How many seconds `restart:` waits where the address does not say it. */
const RESTART_SECONDS = 10;
/** The options of this transport. */
const OWN = ['transport', 'delay', 'tries', 'start'];

/**
 * `reconnect+tcp://host:port`, `reconnect+wss://…` or `reconnect:(address)`: dials, and dials again whenever the link has ended.
 * `restart:10:(address)` does the same, always 10 seconds later, and also for the first attempt. The options of the address within
 * belong to its transport.
 *
 * Options, in an object only: `transport`, what to dial, in place of an address within; `delay`, how many milliseconds to wait before an
 * attempt, [100, 10_000]: a random number up to 100, up to 200, up to 400 and so on, up to 10,000 at most, or always the same number;
 * `tries`, after how many attempts in a row to stop (never); `start`, `retry` to repeat the first attempt too until `limits.connectMs`
 * has passed. With `once`, the default, `open` rejects if the first attempt fails.
 *
 * Throws a UsageError when it must listen.
 */
const reconnect: TransportFactory = (address, wire) => {
  const { scheme, text } = address;
  if (wire.listen)
    throw new UsageError(
      `"${withoutPassword(text)}" dials, and cannot be served: serve the address itself, without ${scheme.split('+')[0]}`,
    );
  const { defaults, inner } = scheme === 'restart' ? restarting(text) : { defaults: RECONNECTING, inner: within(text) };
  const { own, others } = split(address, inner !== '');
  const plan = readRedialOptions(own, defaults, `${scheme}: `);
  const addressOf = (dialed: string): string => (inner === '' ? dialed : text.replace(inner, () => dialed));
  const topics = new RedialTopics();
  const source = sourceOf(text, inner, own.transport, others);
  return topics.addTo(new RedialTransport(source, withoutPassword(inner), topics.wire(wire), { ...plan, addressOf }));
};

export default reconnect;

/** The options of this transport, which an object has, and those of an address within, if there is one. */
function split({ text, options }: Address, hasInner: boolean) {
  const { options: inText } = parseAddress(text);
  const own: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (inText[name] === value) continue;
    if (!hasInner || OWN.includes(name)) own[name] = value;
    else others[name] = value;
  }
  return { own, others };
}

/** The address within; empty if there is none. */
function within(text: string): string {
  const plus = /^reconnect\+/i.exec(text);
  return plus !== null ? text.slice(plus[0].length) : withoutBrackets(text.replace(/^[^:]*:?/, ''));
}

/** The address within `restart:<seconds>:<address>`, and the options that the seconds mean. */
function restarting(text: string): { readonly defaults: RedialOptions; readonly inner: string } {
  const [, seconds, rest] = /^restart(?::([^:]*)(?::(.*))?)?$/is.exec(text) ?? [];
  const given = seconds?.trim() || `${RESTART_SECONDS}`;
  if (!/^\d{1,6}$/.test(given))
    throw new UsageError(
      `"${withoutPassword(text)}": ${given} is not a whole number of seconds; expected restart:10:(address), as in restart:10:(process:node worker.js)`,
    );
  const ms = Number(given) * 1_000;
  return {
    defaults: { ...RECONNECTING, delay: [ms, ms], exact: true, start: 'retry' },
    inner: withoutBrackets(rest ?? ''),
  };
}

function withoutBrackets(text: string): string {
  if (!/^\s*[([{<]/.test(text)) return text.trim();
  const parts = splitParts(text);
  if (parts.length > 1)
    throw new UsageError(
      `"${withoutPassword(text)}" has ${parts.length} addresses; expected one: each link has a reconnect of its own, as in mux:(reconnect+tcp://a:1)(reconnect+tcp://b:1)`,
    );
  return parts[0] as string;
}

function sourceOf(
  text: string,
  inner: string,
  given: unknown,
  options: Readonly<Record<string, unknown>>,
): TransportSource {
  const name = text.replace(/[+:].*/s, '').toLowerCase();
  if (given !== undefined && inner !== '')
    throw new UsageError(
      `"${withoutPassword(text)}" names what to dial, and so does the option "transport"; omit one of them`,
    );
  if (given !== undefined) {
    refuseInner(name, typeof given === 'string' ? given : '');
    return given as TransportSource;
  }
  if (inner === '')
    throw new UsageError(
      `"${withoutPassword(text)}" does not say what to dial; expected an address, as in reconnect+tcp://127.0.0.1:8888 or restart:10:(process:node worker.js)`,
    );
  refuseInner(name, inner);
  return inOuter({ ...options, url: inner }, { text, name, options: OWN });
}

/** Throws a UsageError for what cannot be dialed again. */
function refuseInner(name: string, inner: string): void {
  const [, scheme = ''] = /^\s*(stdio|udp|mux|balance)\b/i.exec(inner) ?? [];
  const why = NOT_AGAIN[scheme.toLowerCase()];
  if (why !== undefined) throw new UsageError(`"${name}" cannot dial ${scheme}: again: ${why}`);
}

const NOT_AGAIN: Readonly<Record<string, string>> = {
  stdio: 'it has one peer, the program that has started this one',
  udp: 'its links do not end; omit reconnect',
  balance: 'it dials each of its parts again by itself; omit reconnect',
  mux: 'give each part a reconnect of its own, as in mux:(reconnect+tcp://a:1)(reconnect+tcp://b:1)',
};
