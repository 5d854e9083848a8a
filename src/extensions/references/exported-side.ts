import { classesOf, endpointOf } from '../../api/side-class.js';
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
  const endpoint = endpointOf(value);
  if (endpoint === undefined) return undefined;
  const { table } = classesOf(value);
  const descriptors = methodsOf(table).filter(({ direction }) => (direction === 'incoming') !== endpoint.inverted);
  const byMember = new Map(descriptors.map((descriptor) => [descriptor.path.slice(table.path.length), descriptor]));
  return {
    members: [...byMember.keys()],
    streams: [...byMember].filter(([, { stream }]) => stream).map(([member]) => member),
    callee(member, given, sender) {
      const descriptor = member === null ? undefined : byMember.get(member);
      if (descriptor === undefined) throw noSuchMember(member);
      const { args, named } = packed(descriptor, given);
      return endpoint.incomingMethod(descriptor).serve(sender.as(descriptor.wire, args, named));
    },
  };
}

/** The arguments in the form of the method. Throws an RpcError, invalid params, if they do not fit. */
function packed(descriptor: MethodDescriptor, given: readonly unknown[]): ReturnType<typeof packArguments> {
  try {
    return packArguments(descriptor, [...given]);
  } catch (error) {
    throw new RpcError((error as Error).message, Code.InvalidParams);
  }
}
