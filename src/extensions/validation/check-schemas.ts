import { UsageError } from '../../contract/errors.js';
import type { MethodDescriptor } from '../../spec/method-descriptor.js';

/** Throws a UsageError for schemas that can never be used. */
export function checkSchemas(method: MethodDescriptor): void {
  const { path, request, stream, arity, params, positional, declaration } = method;
  const { args, returns, items, progress } = declaration.options;
  const refuse = (why: string): never => {
    throw new UsageError(`${path}: ${why}`);
  };
  if (returns !== undefined && (!request || stream)) refuse('returns is for requests, with hasReply: true');
  if (items !== undefined && !stream) refuse('items is for streams, with stream: true');
  if (progress !== undefined && !request) refuse('a notification has no progress');
  const count = Array.isArray(args) ? args.length : 1;
  if (args === undefined) return;
  if (params !== undefined && count > params.length)
    refuse(`args has ${count} schemas, but params only ${params.length} names`);
  if (params === undefined && !positional && count !== 1) refuse('args is one schema, of the one object');
  if (params === undefined && !Array.isArray(args) && arity > 1)
    refuse('several values need a list of schemas in args');
}
