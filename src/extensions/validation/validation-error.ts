import { Code, ProtocolError, RpcError, UsageError } from '../../contract/errors.js';
import { type Issue, issuesFrom, textOfIssues } from './issues.js';

/**
 * A received value does not fit its schema. A call rejects with it if the other side's result is wrong, and an iteration if an item is;
 * it is the `cause` of a UsageError where arguments of this side are wrong.
 */
export class ValidationError extends ProtocolError {
  /** What is wrong: the first ten issues at most. */
  readonly issues: readonly Issue[];

  /** `what` names the value that does not fit, for the message. */
  constructor(what: string, issues: readonly Issue[], code: number = Code.InternalError) {
    super(`${what}: ${textOfIssues(issues)}`, code);
    this.issues = issues;
  }
}

/**
 * Why a call was refused: the issues of a ValidationError, of a UsageError that has one as its cause, or of arguments that the
 * other side has refused. Undefined for any other error.
 */
export function issuesOf(error: unknown): readonly Issue[] | undefined {
  if (error instanceof ValidationError) return error.issues;
  if (error instanceof UsageError && error.cause instanceof ValidationError) return error.cause.issues;
  if (!(error instanceof RpcError) || error.code !== Code.InvalidParams) return undefined;
  const { issues } = (error.data ?? {}) as { readonly issues?: unknown };
  return Array.isArray(issues) ? issuesFrom(issues) : undefined;
}
