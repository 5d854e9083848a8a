/**
 * What editors complete for the name of a codec or a security and for an address. Nothing here exists at run time, and
 * nothing is refused: registered plug-ins, and options after a name, are strings that the types do not know.
 */

// The core knows no plug-in: each entry of the library adds those that it includes.
/** The codecs that the library includes. */
// biome-ignore lint/suspicious/noEmptyInterface: the entries of the library add its members
export interface CodecNames {}
/** The beginnings of addresses of the transports that the library includes. */
// biome-ignore lint/suspicious/noEmptyInterface: the entries of the library add its members
export interface AddressNames {}
/** The securities that the library includes. */
// biome-ignore lint/suspicious/noEmptyInterface: the entries of the library add its members
export interface SecurityNames {}

/** Any string, and those that an editor completes: a union with `string` itself would lose them. */
type StringOr<Names> = Names | (string & Record<never, never>);

/** A name of a codec, with its options: `jrpc`, `jrpc?dialect=lsp`. */
export type CodecName = StringOr<keyof CodecNames>;
/** An address: `tcp://127.0.0.1:8888`. */
export type AddressText = StringOr<keyof AddressNames>;
/** A name of a security, with its options: `user?user=ann`. */
export type SecurityName = StringOr<keyof SecurityNames>;
