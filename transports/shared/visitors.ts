import { quote } from '../../src/base/quote.js';
import { UsageError } from '../../src/contract/errors.js';

/** How many characters of a received header are shown. */
const SHOWN = 100;

/** Which requests are accepted; undefined for the default. */
export interface Visitors {
  /** The transport, as it is named in texts. */
  readonly name: 'ws' | 'http';
  /**
   * Origins of pages that may connect. By default those of the same host, and with a loopback host those of loopback
   * hosts.
   */
  readonly origins: readonly string[] | undefined;
  /**
   * Accepted values of `Host`. By default any, but over a loopback address only loopback hosts, and over `ws:` what a proxy
   * has forwarded.
   */
  readonly hosts: readonly string[] | undefined;
  /** The host under which the server is known, as in its address; empty for none. By default it is always accepted. */
  readonly ownHost: string;
}

const LABELS = '(?:\\*\\.)?[\\w-]+(?:\\.[\\w-]+)*\\.?|\\[[\\da-f:.]+\\]';
const HOST = new RegExp(`^(${LABELS})(?::(\\d{1,5}|\\*))?$`, 'i');
const ORIGIN = new RegExp(`^([a-z][a-z\\d+.-]*)://(${LABELS}|\\*)(?::(\\d{1,5}|\\*))?$`, 'i');

/** The option `origins`, or another one that is a list of origins. Throws a UsageError for an invalid list of origins. */
export function readOrigins(
  transport: Visitors['name'],
  value: unknown,
  option = 'origins',
): readonly string[] | undefined {
  const fits = (one: string): boolean => one === '*' || one === 'null' || one === 'file://' || ORIGIN.test(one);
  return readList(
    `${transport}: the option "${option}"`,
    value,
    fits,
    '"https://example.com", "https://*.example.com", "null", or "*" for all',
  );
}

/** The option `hosts`. Throws a UsageError for an invalid list of hosts. */
export function readHosts(transport: Visitors['name'], value: unknown): readonly string[] | undefined {
  const fits = (one: string): boolean => one === '*' || HOST.test(one);
  return readList(
    `${transport}: the option "hosts"`,
    value,
    fits,
    '"example.com", "example.com:8080", "*.example.com", or "*" for all',
  );
}

function readList(
  what: string,
  value: unknown,
  fits: (one: string) => boolean,
  examples: string,
): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
  return list.map((one) => {
    const text = typeof one === 'string' ? one.trim() : undefined;
    if (text !== undefined && fits(text)) return text.toLowerCase();
    throw new UsageError(`${what} must be a list of ${examples}, not ${JSON.stringify(one)}`);
  });
}

/** The headers that are looked at. */
export interface VisitorHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly forwarded?: string | readonly string[] | undefined;
  readonly 'x-forwarded-for'?: string | readonly string[] | undefined;
}

/** The addresses of a connection, as far as they are known. */
export interface Ends {
  readonly localAddress?: string | undefined;
  readonly remoteAddress?: string | undefined;
}

/** Why a request is refused. */
export interface Refusal {
  /** For people on both sides. */
  readonly text: string;
  /** What would accept it. */
  readonly option: 'origins' | 'hosts';
}

/** Why a request is refused; undefined if it is accepted. */
export function refusalOf(headers: VisitorHeaders, socket: Ends, visitors: Visitors): Refusal | undefined {
  const { host, origin } = headers;
  if (!takesHost(headers, socket, visitors)) {
    const notProxied = visitors.name === 'ws' ? ', and not through a proxy' : '';
    const why = visitors.hosts === undefined ? `this server is reached over a loopback address${notProxied}` : '';
    return refused(visitors, 'Host', host, 'hosts', why);
  }
  if (origin === undefined || takesOrigin(origin, host, visitors.origins)) return undefined;
  const why = visitors.origins === undefined ? `it differs from the Host, ${shown(host)}` : '';
  return refused(visitors, 'Origin', origin, 'origins', why);
}

function refused(
  { name }: Visitors,
  header: string,
  value: string | undefined,
  option: Refusal['option'],
  why: string,
): Refusal {
  const because = why === '' ? '' : `: ${why}`;
  const text = `the ${header} ${shown(value)} is not accepted${because}; to accept it, add it to the option "${option}" of the ${name}: address`;
  return { text, option };
}

function shown(value: string | undefined): string {
  return value === undefined ? '(none)' : quote(value, SHOWN);
}

/**
 * DNS rebinding: a name of the attacker resolves to this machine, so that a page under that name has the same origin.
 * The `Host` reveals it. A proxy on this machine forwards other names too, and marks them by a header. A page cannot set that of the
 * handshake of a WebSocket, but it can set those of a request to its own origin.
 */
function takesHost(headers: VisitorHeaders, socket: Ends, { name: transport, hosts, ownHost }: Visitors): boolean {
  const { host } = headers;
  if (hosts !== undefined) return hosts.some((one) => one === '*' || (host !== undefined && fitsHost(one, host)));
  if (host === undefined || !isLoopbackSocket(socket)) return true;
  if (transport === 'ws' && isForwarded(headers)) return true;
  const name = nameIn(host);
  return isLoopback(name) || name === '0.0.0.0' || name === '[::]' || (ownHost !== '' && name === nameIn(ownHost));
}

/** Whether a proxy has marked the request. */
function isForwarded(headers: VisitorHeaders): boolean {
  return headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
}

/** Cross-site requests: a page of any site may open a WebSocket to any server, and send a request. The `Origin` reveals it. */
export function takesOrigin(origin: string, host: string | undefined, origins: readonly string[] | undefined): boolean {
  if (origins !== undefined) return origins.some((one) => one === '*' || fitsOrigin(one, origin));
  const parts = ORIGIN.exec(origin);
  if (parts === null || host === undefined) return false;
  const [, scheme = '', name = '', port] = parts;
  if (isLoopback(nameIn(name)) && isLoopback(nameIn(host))) return true;
  // A proxy may have ended TLS: the scheme of the page determines the default port.
  const usual = usualPort(scheme);
  const [, hostName = '', hostPort] = HOST.exec(host) ?? [];
  return nameIn(name) === nameIn(hostName) && (port ?? usual) === (hostPort ?? usual);
}

function fitsOrigin(allowed: string, origin: string): boolean {
  // An origin without a host: `null`, and `file://`, which Chromium sends.
  if (allowed === origin.toLowerCase()) return true;
  const [, scheme = '', name = '', port] = ORIGIN.exec(allowed) ?? [];
  const [, theirScheme = '', theirName = '', theirPort] = ORIGIN.exec(origin) ?? [];
  const usual = usualPort(scheme);
  const fitsPort = port === '*' || (port ?? usual) === (theirPort ?? usual);
  return scheme === theirScheme.toLowerCase() && fitsPort && fitsName(name, nameIn(theirName));
}

/** A host without a port matches every port. */
function fitsHost(allowed: string, host: string): boolean {
  const [, name = '', port = '*'] = HOST.exec(allowed) ?? [];
  const [, theirName = '', theirPort] = HOST.exec(host) ?? [];
  return (port === '*' || port === theirPort) && fitsName(name, nameIn(theirName));
}

function fitsName(allowed: string, name: string): boolean {
  if (name === '') return false;
  if (allowed === '*') return true;
  return allowed.startsWith('*.') ? name.endsWith(nameIn(allowed).slice(1)) : name === nameIn(allowed);
}

function usualPort(scheme: string): string | undefined {
  return { http: '80', https: '443', ws: '80', wss: '443' }[scheme.toLowerCase()];
}

/** The name in a host, without its port and a trailing dot, in lower case. */
function nameIn(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

function isLoopback(name: string): boolean {
  return /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\]|\[::ffff:(?:7f[\da-f]{2}:[\da-f]{1,4}|127(?:\.\d{1,3}){3})\])$/.test(
    name,
  );
}

function isLoopbackSocket({ localAddress, remoteAddress }: Ends): boolean {
  return /^(?:::1|(?:::ffff:)?127\..*)$/i.test(localAddress ?? remoteAddress ?? '');
}
