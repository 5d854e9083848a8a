import { endpointOf, madeOf } from '../../api/side-class.js';
import { packArguments } from '../../calls/arguments.js';
import { Code, RpcError } from '../../contract/errors.js';
import { type MethodDescriptor, methodsOf } from '../../spec/method-table.js';
import { type Callee, notThere } from './exports.js';

/** A side as something that can be passed: its incoming methods, by their paths. */
export interface PassedSide {
  readonly members: readonly string[];
  readonly streams: readonly string[];
  readonly callee: Callee;
}

/** What a value is if it is a side, or a namespace of one: its incoming methods may be called where it is passed to. */
export function sideOf(value: object): PassedSide | undefined {
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
      if (row === undefined) throw notThere(member);
      const { args, named } = packed(row, given);
      return hub.port(row).serve(sender.as(row.wire, args, named));
    },
  };
}

/** The arguments as the method has them. Throws an RpcError, invalid params, if they do not fit. */
function packed(row: MethodDescriptor, given: readonly unknown[]): ReturnType<typeof packArguments> {
  try {
    return packArguments(row, [...given]);
  } catch (error) {
    throw new RpcError((error as Error).message, Code.InvalidParams);
  }
}
