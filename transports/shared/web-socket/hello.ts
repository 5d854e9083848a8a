import { printable } from '../../../src/base/quote.js';
import type { Wire } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';

/**
 * Obverse sends hello by subprotocol. A client offers the name of its codec and then `obverse.` with that name; only a
 * server that is Obverse prefers the second, so a server that picks the first one is not mistaken for an Obverse peer.
 */
const PREFIX = 'obverse.';

/**
 * Also offered by a client that cannot read an HTTP response: a server with another codec accepts it, and reports in a
 * close frame what it would otherwise report by a status.
 */
export const OTHER_CODEC = 'obverse';

/** A token of HTTP, as the names of subprotocols must be. */
const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;

type Greeting = Pick<Wire, 'codec' | 'hello'>;

/** The option `protocols`: a subprotocol of the application or a list of them. */
export function readProtocols(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  for (const name of list) {
    if (typeof name !== 'string' || !TOKEN.test(name)) {
      throw new UsageError(
        `ws: the option "protocols" must be names of subprotocols, such as "mcp", not ${JSON.stringify(name)}`,
      );
    }
  }
  return list as readonly string[];
}

/** What a client offers: the subprotocols of the application come first. The same list if there is no hello. */
export function offers(wire: Greeting, own: readonly string[]): readonly string[] {
  if (!wire.hello || !TOKEN.test(wire.codec)) return own;
  return [...new Set([...own, wire.codec, PREFIX + wire.codec])];
}

/** The same, where a refusal by HTTP cannot be read. */
export function withOtherCodec(offered: readonly string[]): string[] {
  return offered.some((name) => name.startsWith(PREFIX)) ? [...offered, OTHER_CODEC] : [...offered];
}

/** The subprotocol that a server picks of the offered ones; false for none. */
export function choose(offered: ReadonlySet<string>, wire: Greeting, own: readonly string[]): string | false {
  if (wire.hello && offered.has(PREFIX + wire.codec)) return PREFIX + wire.codec;
  if (mismatch(offered, wire) !== undefined && offered.has(OTHER_CODEC)) return OTHER_CODEC;
  if (offered.has(wire.codec)) return wire.codec;
  return own.find((name) => offered.has(name)) ?? false;
}

/** The error for an Obverse peer that offers other codecs only; undefined for any other peer. */
export function mismatch(offered: ReadonlySet<string>, wire: Greeting): string | undefined {
  if (offered.has(PREFIX + wire.codec)) return undefined;
  const theirs = [...offered].find((name) => name.startsWith(PREFIX))?.slice(PREFIX.length);
  return theirs === undefined ? undefined : `this server uses the codec ${wire.codec}, not ${printable(theirs, 40)}`;
}

/** Whether the handshake has shown that the other side is Obverse and uses the same codec. */
export function agreed(protocol: string, wire: Greeting): boolean {
  return wire.hello && protocol === PREFIX + wire.codec;
}
