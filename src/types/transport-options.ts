/**
 * The options of addresses, as types: `{ url: 'tls://host:1', ca: 'ca.pem' }`. Nothing here exists at run time. The transports check the
 * same options; docs/transports.md describes them.
 */

import type { TransportMaker, TransportSource } from '../contract/contract.js';
import type { AddressText } from '../contract/plugin-names.js';

/**
 * The options of addresses by their schemes. A program adds those of its own transports: `declare module 'obverse' { interface
 * TransportOptions { mine: { readonly speed?: number } } }`. An address with another scheme may have any options.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the entries of the library add its members
export interface TransportOptions {}

/** The options of the scheme of an address; any options if the scheme is not known. */
type OptionsOf<U extends string> = string extends U
  ? AnyOptions
  : U extends `reconnect+${infer Inner}`
    ? OptionsOf<Inner> & RedialAddressOptions
    : U extends 'reconnect:'
      ? RedialAddressOptions & { readonly transport: TransportSource }
      : U extends `${infer S}:${string}`
        ? S extends keyof TransportOptions
          ? TransportOptions[S]
          : S extends `${infer Name extends keyof TransportOptions & string}-server`
            ? TransportOptions[Name]
            : AnyOptions
        : AnyOptions;
type AnyOptions = Readonly<Record<string, unknown>>;

/** What `serve` and `connect` take: as {@link TransportSource}, and of an address in an object, the options of its scheme. */
export type Source<U extends string> =
  | AddressText
  | TransportMaker
  | readonly TransportSource[]
  | ({ readonly url: U } & OptionsOf<U>);

// ---- the transports of the library ----------------------------------------------------------------------------------

/** A list, as an array or as text with commas. */
type List = string | readonly string[];
/** The path of a file, or PEM. */
type Pem = string | Uint8Array;

/** Options of `reconnect+…` addresses. */
export interface RedialAddressOptions {
  readonly delay?: number | readonly [first: number, longest: number, ...others: never[]] | undefined;
  readonly tries?: number | undefined;
  readonly start?: 'once' | 'retry' | undefined;
}

/** Options of `balance:`. */
export interface BalanceAddressOptions {
  /** Which part gets a call: each in turn (the default), or the one with the fewest pending calls. */
  readonly by?: 'turn' | 'pending' | undefined;
  /** How long, in milliseconds, to wait before a part that is down is dialed again: `[100, 10_000]` by default. */
  readonly delay?: number | readonly [first: number, longest: number, ...others: never[]] | undefined;
  /** Further parts. */
  readonly parts?: readonly TransportSource[] | undefined;
}

/** An option of transports that carry bytes. */
export interface FramingOption {
  /** How frames are separated: `lines`, `nul`, `headers`, `length`, `json`, `self`. By default, the framing of the codec. */
  readonly framing?: 'lines' | 'nul' | 'headers' | 'length' | 'json' | 'self' | undefined;
}

/** Options of `tcp:`. */
export interface TcpOptions extends FramingOption {
  /** After how many milliseconds of silence the operating system probes the peer. Never by default. */
  readonly keepAlive?: number | undefined;
  /** How many connections may wait to be accepted, on the side that listens: 1,024 by default. */
  readonly backlog?: number | undefined;
}

/** Options for certificates, of `tls:` and `wss:`. */
export interface CertificateOptions {
  /** The certificate of this side, with those between it and its authority. */
  readonly cert?: Pem | undefined;
  readonly key?: Pem | undefined;
  readonly passphrase?: string | undefined;
  /** The certificates of the authorities that are trusted. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** The SHA-256 fingerprints of the only certificates that are accepted. */
  readonly fingerprints?: List | undefined;
  /** The SHA-256 fingerprints of certificates that are refused. */
  readonly revoked?: List | undefined;
}

/** Options of TLS, of `tls:` and `wss:`. */
export interface TlsOptions extends CertificateOptions {
  /** Returns the certificates, in place of their options; called for each connection. */
  readonly certificates?: (() => CertificateOptions) | undefined;
  /** On the side that listens: whether peers must have certificates, or may have them. */
  readonly clientCertificate?: 'require' | 'request' | undefined;
  /** What is checked of the certificate of a peer: `full` by default. */
  readonly verify?: 'full' | 'chain' | 'fingerprint' | 'none' | undefined;
  /** On the side that dials: the host in the certificate of the other side, if it is not the one in the address. */
  readonly servername?: string | undefined;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** Options of a socket that the program has opened, of `ws:` and `socket:`. */
export interface GivenSocketOptions {
  /** A WebSocket of any runtime or of the package `ws`, or an RTCDataChannel; open or opening. */
  readonly socket?: object | undefined;
  /** What `peer.info` has: the request of the handshake, or an object. */
  readonly info?: object | undefined;
  /** The largest message in bytes that the socket can send. Of an RTCDataChannel 256 KiB by default. */
  readonly maxFrame?: number | undefined;
}

/** Options of `ws:`. */
export interface WebSocketOptions extends GivenSocketOptions {
  /** An existing HTTP server, on the side that listens. */
  readonly server?: object | undefined;
  /** The origins whose pages may connect. */
  readonly origins?: List | undefined;
  /** The `Host` that a request may have. */
  readonly hosts?: List | undefined;
  /** Headers of the request, on the side that dials. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly client?: 'native' | 'ws' | undefined;
  /** After how many milliseconds of silence a ping is sent. Never by default. */
  readonly keepAlive?: number | undefined;
  /** Subprotocols of the application. */
  readonly protocols?: List | undefined;
}

/** Options of `http:`. */
export interface HttpOptions {
  /** An existing HTTP server, on the side that listens. */
  readonly server?: object | undefined;
  /** The origins whose pages may send requests. */
  readonly origins?: List | undefined;
  /** The `Host` that a request may have. */
  readonly hosts?: List | undefined;
  /** The origins whose pages may send requests and read the responses. None by default. */
  readonly cors?: List | undefined;
  /** The headers that a proxy sets: some of `x-forwarded-for`, `-proto`, `-host` and `-by`, or `forwarded`. None by default. */
  readonly forwarded?: List | undefined;
  /** Whether a GET that accepts no events receives what `describe()` returns, without `meta`, as JSON. Off by default. */
  readonly document?: boolean | undefined;
  /** In milliseconds, between two comments in a stream of events: 15,000 by default. */
  readonly keepAlive?: number | undefined;
  /** Headers of each request, on the side that dials; a function is called for each request. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined;
  /** What sends the requests: `node:http`, the default on Node, or `fetch`. */
  readonly client?: 'fetch' | 'node' | undefined;
  /** How many requests are made at a time: 64 by default. */
  readonly connections?: number | undefined;
}

/** Options of `process:`. */
export interface ProcessOptions extends FramingOption {
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly stderr?: 'inherit' | 'ignore' | 'log' | undefined;
  /** How many milliseconds the program has to exit, before it is killed: 2,000 by default. */
  readonly grace?: number | undefined;
}

/** Options of `memory:`. */
export interface MemoryOptions {
  /** The id of this side at the others. By default, the name of the room with a number. */
  readonly name?: string | undefined;
  /** All members are equal. */
  readonly bus?: boolean | undefined;
  /** Several sides serve together, as one peer. */
  readonly service?: boolean | undefined;
  /** In a service: the interval in milliseconds at which a member reports the calls that it works on; 1,000 by default. */
  readonly callBeat?: number | undefined;
  /** In a service: who calls does not learn which member has a call, as over a broker. */
  readonly blind?: boolean | undefined;
}

/** Options of `udp:`. */
export interface UdpOptions extends FramingOption {
  readonly broadcast?: boolean | undefined;
  readonly interface?: string | undefined;
  readonly ttl?: number | undefined;
  readonly loopback?: boolean | undefined;
  /** After how many seconds of silence a peer is removed: 60 by default. */
  readonly forget?: number | undefined;
  /** How many peers are kept: 1,024 by default. */
  readonly peers?: number | undefined;
  readonly trusted?: boolean | undefined;
}

/** Options of `discover:`. */
export interface DiscoverOptions {
  /** The IP address and the port of a multicast group or a broadcast address: `239.255.79.66:7966` by default. */
  readonly group?: string | undefined;
  /** The local address of the network to use. */
  readonly interface?: string | undefined;
  /** How many routers an announcement may pass: 1 by default, which is none. */
  readonly ttl?: number | undefined;
  /** When serving: what to listen at, in place of an address in brackets. */
  readonly transport?: string | { readonly url: string; readonly [option: string]: unknown } | undefined;
  /** When connecting: a list such as `tls,wss` of what may be dialed; all by default. */
  readonly schemes?: string | undefined;
  /** When connecting: options of the transport that connects, such as `{ ca }`. */
  readonly dial?: Readonly<Record<string, unknown>> | undefined;
  /** When connecting: whether the calls are shared among all servers of the name. Off by default: one of them, chosen at random. */
  readonly all?: boolean | undefined;
  /** With `all`: which server gets a call, each in `turn` (the default), or the one with the fewest `pending` calls. */
  readonly by?: 'turn' | 'pending' | undefined;
}
