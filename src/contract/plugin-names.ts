/**
 * What editors complete where a codec, a security or an address is written. Nothing here exists at run time, and nothing is refused:
 * plug-ins that are registered, and options behind a name, are strings of which the types know nothing.
 */

// The core knows no plug-in: each entry of the library adds those that it brings with it.
/** The codecs that come with the library. */
// biome-ignore lint/suspicious/noEmptyInterface: the entries of the library add its members
export interface CodecNames {}
/** How the addresses of the transports begin that come with the library. */
// biome-ignore lint/suspicious/noEmptyInterface: the entries of the library add its members
export interface AddressNames {}
/** The securities that come with the library. */
// biome-ignore lint/suspicious/noEmptyInterface: the entries of the library add its members
export interface SecurityNames {}

/** Any string, and those that an editor completes: a union with `string` itself would forget them. */
type StringOr<Names> = Names | (string & Record<never, never>);

/** A name of a codec, with its options: `jrpc`, `jrpc?dialect=lsp`. */
export type CodecName = StringOr<keyof CodecNames>;
/** An address: `tcp://127.0.0.1:8888`. */
export type AddressText = StringOr<keyof AddressNames>;
/** A name of a security, with its options: `user?user=ann`. */
export type SecurityName = StringOr<keyof SecurityNames>;
