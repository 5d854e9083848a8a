import { UsageError } from '../../contract/errors.js';
import type { MethodDescriptor } from '../../spec/method-descriptor.js';

/** What is looked at to see whether the schemas of a method can be asked. */
export type Askable = Pick<
  MethodDescriptor,
  'path' | 'request' | 'stream' | 'arity' | 'params' | 'positional' | 'mark'
>;

/**
 * Throws a UsageError for schemas that could never be asked. It stands apart from the validation, which is loaded when a side is
 * opened: what is wrong with a mark is told before.
 */
export function mustBeAskable({ path, request, stream, arity, params, positional, mark }: Askable): void {
  const { args, returns, items, progress } = mark.options;
  const refuse = (why: string): never => {
    throw new UsageError(`${path}: ${why}`);
  };
  if (returns !== undefined && (!request || stream)) refuse('returns is for requests, with hasReply: true');
  if (items !== undefined && !stream) refuse('items is for streams, with stream: true');
  if (progress !== undefined && !request) refuse('a notification has no progress');
  const count = Array.isArray(args) ? args.length : 1;
  if (args === undefined) return;
  if (params !== undefined && count > params.length)
    refuse(`args has ${count} schemas, but params ${params.length} names`);
  if (params === undefined && !positional && count !== 1) refuse('args is one schema, of the one object');
  if (params === undefined && !Array.isArray(args) && arity > 1)
    refuse('several values need a list of schemas in args');
}

/** Whether anything may be checked of the values of a method: its mark has schemas, or a compiler tells the classes of parameters. */
export function isValidated({ mark, types }: Pick<MethodDescriptor, 'mark' | 'types'>): boolean {
  const { args, returns, items, progress } = mark.options;
  return (args ?? returns ?? items ?? progress ?? types) !== undefined;
}
