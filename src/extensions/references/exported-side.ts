import { endpointOf, madeOf } from '../../api/side-class.js';
import { packArguments } from '../../calls/arguments.js';
import { Code, RpcError } from '../../contract/errors.js';
import { type MethodDescriptor, methodsOf } from '../../spec/method-table.js';
import { type Callee, noSuchMember } from './exports.js';

/** A side that is passed by reference: its incoming methods, by their paths. */
export interface ExportedSide {
  readonly members: readonly string[];
  readonly streams: readonly string[];
  readonly callee: Callee;
}

/** The callable methods of a side or a namespace of one; undefined for any other value. */
export function exportedSideOf(value: object): ExportedSide | undefined {
  const hub = endpointOf(value);
  if (hub === undefined) return undefined;
  const { table } = madeOf(value);
  const rows = methodsOf(table).filter(({ direction }) => (direction === 'incoming') !== hub.inverted);
  const byMember = new Map(rows.map((row) => [row.path.slice(table.path.length), row]));
  return {
    members: [...byMember.keys()],
    streams: [...byMember].filter(([, { stream }]) => stream).map(([member]) => member),
    callee(member, given, sender) {
      const row = member === null ? undefined : byMember.get(member);
      if (row === undefined) throw noSuchMember(member);
      const { args, named } = packed(row, given);
      return hub.port(row).serve(sender.as(row.wire, args, named));
    },
  };
}

/** The arguments in the form of the method. Throws an RpcError, invalid params, if they do not fit. */
function packed(row: MethodDescriptor, given: readonly unknown[]): ReturnType<typeof packArguments> {
  try {
    return packArguments(row, [...given]);
  } catch (error) {
    throw new RpcError((error as Error).message, Code.InvalidParams);
  }
}
