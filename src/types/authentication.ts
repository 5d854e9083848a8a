/**
 * The types of authentication: the options `authenticate` and `credentials`. Nothing here exists at run time.
 */

import type { LinkInfo, SecurityInfo } from '../contract/contract.js';

/**
 * Specifies the type of `peer.user` for a whole program: `declare module 'obverse' { interface Register { user: User } }`. Without it,
 * the type is `unknown`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs add its member
export interface Register {}

/** The type of `peer.user`: that of {@link Register}, or `unknown`. */
export type PeerUser = Register extends { readonly user: infer User } ? User : unknown;

/** What is known of a peer that has connected, for the option `authenticate`. Printing it shows nothing. */
export interface Handshake {
  /** What the option `credentials` of the other side has given; undefined if there was none. Nothing is known of its form. */
  readonly credentials: unknown;
  /** The `info` of the peer: over `ws:` the URL and the headers of its request, under TLS its certificate. */
  readonly info: LinkInfo;
  /** What the security of this side has found for the first message; undefined without a security. */
  readonly securityInfo: SecurityInfo | undefined;
  /** The user of the peer so far: undefined, unless its credentials have run out and these are new ones. */
  readonly user: PeerUser | undefined;
  /**
   * After so many milliseconds, the other side is asked for new credentials, and `authenticate` is called with them; 0 asks at once,
   * `Infinity` never. A later call replaces an earlier one. It can also be called after `authenticate` has returned, and does nothing
   * once the link has ended. Throws a UsageError for anything but a number from 0.
   */
  expireIn(ms: number): void;
}

/** What `authenticate` may give: the user, or undefined, null or false for nobody. */
type Found = PeerUser | undefined | null | false;

/** Says who a peer is, or refuses it. What is thrown as an `RpcError` is sent to the peer; the text of another error is not. */
export type Authenticate = (handshake: Handshake) => Found | PromiseLike<Found>;

/** What identifies this side to the other one: a text, or an object that the codec can carry. */
export type Credentials = string | Readonly<Record<string, unknown>>;

/** The credentials, or a function that is called for each link, and again when the other side asks. Undefined: this side has none. */
export type CredentialsSource = Credentials | (() => Credentials | undefined | PromiseLike<Credentials | undefined>);
