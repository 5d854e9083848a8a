import net from 'node:net';
import { hostPort, type OptionKind, readOptions, withoutPassword } from '../src/contract/address.js';
import type { Address, TransportFactory, TransportSource } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { DiscoveringAll } from './discover/all.js';
import { DiscoveringClient } from './discover/client.js';
import type { Schemes } from './discover/found.js';
import type { GroupPlan } from './discover/group.js';
import { isName } from './discover/messages.js';
import { DiscoverableServer } from './discover/server.js';
import type { BalanceBy } from './shared/balance/address.js';
import { splitParts } from './shared/mux/address.js';

/** The group in which servers are announced: no router passes it on. */
const GROUP = '239.255.79.66:7966';
const OPTIONS = {
  group: 'text',
  interface: 'text',
  ttl: 'number',
  transport: 'any',
  schemes: 'text',
  dial: 'any',
  all: 'flag',
  by: ['turn', 'pending'],
} as const satisfies Record<string, OptionKind>;
const SCHEMES = ['tcp', 'tls', 'ws', 'wss', 'http', 'https'];

/**
 * `discover:chat`: servers of a local network that are found by a name. `serve('discover:chat(tcp://0.0.0.0:0)')` listens as the address in
 * brackets says and announces it over UDP multicast; `connect('discover:chat')` finds the servers of that name, and connects to one of them,
 * chosen at random. `reconnect+discover:chat` seeks again when its server is gone. Announced are addresses of `tcp:`, `tls:`, `ws:` and
 * `http:`; where the server listens at all addresses, clients use the one that the announcement came from.
 *
 * Anybody in the network can announce any server: use `tls:` or `wss:` with certificates, and `authenticate`, where that matters.
 *
 * Options: `group`, the IP address and the port of a multicast group or a broadcast address (239.255.79.66:7966); `interface`, the local
 * address of the network to use, which for IPv6 is written as in `::%eth0`; `ttl`, how many routers an announcement may pass (1: none); `transport`, when serving, what to listen at, in
 * place of an address in brackets; `schemes`, when connecting, a list such as `tls,wss` of those that may be dialed (all); `dial`, when
 * connecting, an object with the options of the transport that connects, such as `{ ca }`; `all`, when connecting, to share the calls among
 * all servers of the name, as `balance:` does, and `by`, which of them gets a call: each in `turn` (default), or the one with the fewest
 * `pending` calls. Servers that come later join, and those that end get no more calls.
 */
const discover: TransportFactory = (address, wire) => {
  const { name, inner } = parts(address);
  const { group, interface: network, ttl, ...own } = readOptions(address, OPTIONS);
  if (ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 1 && ttl <= 255))
    throw new UsageError(`discover: the option "ttl" must be a whole number from 1 to 255, not ${ttl}`);
  const at = groupOf(group ?? GROUP);
  const isWide = net.isIPv6(at.host);
  if (network !== undefined && net.isIP(network) !== (isWide ? 6 : 4))
    throw new UsageError(
      `discover: the option "interface" must be ${isWide ? 'a network, as in ::%eth0 (::%25eth0 in an address), for a group of IPv6' : 'a local IP address, as in 192.168.1.5'}, not ${JSON.stringify(network)}`,
    );
  const plan: GroupPlan = { at, interface: network, ttl };
  const shown = `discover:${name}${group === undefined ? '' : `?group=${group}`}`;
  if (wire.listen)
    return new DiscoverableServer({ name, address: shown, group: plan, ...listening(address, name, inner, own) }, wire);
  const client = { name, address: shown, group: plan, ...dialing(address, name, inner, own) };
  return own.all === true ? new DiscoveringAll({ ...client, by: own.by }, wire) : new DiscoveringClient(client, wire);
};

export default discover;

/** The name, and the address in brackets after it; empty if there is none. */
function parts({ text, rest }: Address): { readonly name: string; readonly inner: string } {
  const [, before = '', brackets = ''] = /^([^([{<?]*)(.*)$/s.exec(rest) ?? [];
  const name = before.trim();
  if (!isName(name))
    throw new UsageError(
      `"${withoutPassword(text)}" has no name to discover; expected letters, digits, "_", "-" and ".", up to 64, as in discover:chat`,
    );
  const bare = /^[([{<]/.test(brackets) ? brackets.slice(0, lastBracket(brackets) + 1) : '';
  if (bare === '') return { name, inner: '' };
  const [inner, ...others] = splitParts(bare);
  if (others.length > 0)
    throw new UsageError(
      `"${withoutPassword(text)}" has ${others.length + 1} addresses; expected one: serve each address as a transport of its own, as in mux:(discover:${name}(tcp://0.0.0.0:0))(discover:${name}(ws://0.0.0.0:0))`,
    );
  return { name, inner: inner as string };
}

function lastBracket(text: string): number {
  return Math.max(...[')', ']', '}', '>'].map((bracket) => text.lastIndexOf(bracket)));
}

interface Own {
  readonly transport?: unknown;
  readonly schemes?: string;
  readonly dial?: unknown;
  readonly all?: boolean;
  readonly by?: BalanceBy;
}

/** What a serving side listens at. */
function listening({ text }: Address, name: string, inner: string, { transport, ...others }: Own) {
  for (const [option, value] of Object.entries(others))
    if (value !== undefined) throw new UsageError(`discover: the option "${option}" is for the side that connects`);
  if (inner === '' && transport === undefined)
    throw new UsageError(
      `"${withoutPassword(text)}" does not say where to listen; expected an address in brackets, as in discover:${name}(tcp://0.0.0.0:0)`,
    );
  if (inner !== '' && transport !== undefined)
    throw new UsageError(
      `"${withoutPassword(text)}" names where to listen, and so does the option "transport"; omit one of them`,
    );
  const source = (transport ?? inner) as TransportSource;
  const url = urlOf(source);
  const scheme = /^[^:?]*/.exec(url)?.[0].toLowerCase() as string;
  if (!SCHEMES.includes(scheme.replace(/-server$/, '')))
    throw new UsageError(
      `"${withoutPassword(text)}": ${withoutPassword(url)} cannot be announced; expected an address of ${SCHEMES.join(', ')}, as in discover:${name}(tcp://0.0.0.0:0)`,
    );
  return { source, inner: url };
}

/** What a connecting side dials. */
function dialing({ text }: Address, name: string, inner: string, { transport, schemes, dial = {}, all, by }: Own) {
  if (by !== undefined && all !== true)
    throw new UsageError('discover: the option "by" says which of all servers gets a call; it needs the option "all"');
  if (inner !== '' || transport !== undefined)
    throw new UsageError(
      `"${withoutPassword(text)}" names where to listen, which is for the side that serves; expected discover:${name}`,
    );
  if (typeof dial !== 'object' || dial === null || Array.isArray(dial) || 'url' in dial)
    throw new UsageError(
      'discover: the option "dial" must be an object with the options of the transport that connects, as in { dial: { ca } }, without a `url`',
    );
  return {
    schemes: schemesOf(schemes, all === true),
    hasOptions: Object.keys(dial).length > 0,
    sourceFor: (url: string): TransportSource => ({ ...dial, url }),
  };
}

function groupOf(text: string): { readonly host: string; readonly port: number } {
  try {
    const { host, port } = hostPort({ text, scheme: 'discover', rest: text, options: {} });
    if (host !== '' && port !== 0) return { host, port };
  } catch {
    // Its text mentions an address, and this is an option.
  }
  throw new UsageError(
    `discover: the option "group" must be an IP address and a port, as in ${GROUP}, not ${JSON.stringify(text)}`,
  );
}

/** `all`: whether calls are shared, for which each server needs a link. */
function schemesOf(text: string | undefined, all: boolean): Schemes {
  const possible = all ? SCHEMES.filter((scheme) => !scheme.startsWith('http')) : SCHEMES;
  if (text === undefined)
    return { allowed: possible, otherwise: 'among which calls cannot be shared by the option "all"' };
  const allowed = text.split(',').map((scheme) => scheme.trim().toLowerCase());
  if (!allowed.every((scheme) => possible.includes(scheme)))
    throw new UsageError(
      `discover: the option "schemes" must be a list of ${possible.join(', ')}${all ? ' with the option "all"' : ''}, not ${JSON.stringify(text)}`,
    );
  return { allowed, otherwise: 'which the option "schemes" does not list' };
}

function urlOf(source: TransportSource): string {
  if (typeof source === 'string') return source;
  const { url } = source as { readonly url?: unknown };
  if (typeof url === 'string') return url;
  throw new UsageError(
    'discover: the option "transport" must be an address, or an object with a `url`: what it listens at is announced',
  );
}
