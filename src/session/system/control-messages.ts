import type { Call, Frame } from '../../contract/contract.js';
import type { Connection } from '../connection.js';
import { encode } from '../sending/encode.js';

/**
 * Sends a message of the connection itself, such as `rpc.hello`, behind what was written to it: no journal numbers it. Its arguments are
 * by position, unless it is `named`. Never within `accept`. Throws a UsageError for what cannot be encoded, a ProtocolError for what is too large, and what a filter throws.
 */
export function sendControl(connection: Connection, method: string, args: readonly unknown[], named = false): void {
  const frame = controlFrame(connection, method, args, named);
  if (connection.filter !== undefined) connection.filter.control(frame);
  else connection.write([frame], frame.length);
}

/** The same message, encoded, for who writes it behind others. Throws as `sendControl`. */
export function controlFrame(connection: Connection, method: string, args: readonly unknown[], named = false): Frame {
  const call: Call = { kind: 'call', id: undefined, method, args, named, batch: undefined };
  return encode(connection.host.codec, call, connection.frameLimit, connection);
}
