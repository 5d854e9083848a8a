import type { FaultBody } from '../../src/contract/contract.js';
import { Code } from '../../src/contract/errors.js';
import { pythonName } from '../shared/python-names.js';

const NOT_FOUND = 'aiozmq.rpc.base.NotFoundError';
const PARAMETERS = 'aiozmq.rpc.base.ParametersError';

/** An error of Python, `[name, args, repr]`, as a fault. */
export function errorIn(value: unknown): FaultBody {
  const [name, args, repr] = Array.isArray(value) ? (value as unknown[]) : [];
  const list: readonly unknown[] = Array.isArray(args) ? args : [];
  const texts = [list[0], repr, name].filter((each) => typeof each === 'string');
  const message = texts[0] ?? 'the peer has reported an error without a text';
  const code = name === NOT_FOUND ? Code.MethodNotFound : name === PARAMETERS ? Code.InvalidParams : Code.Application;
  if (code !== Code.Application) return { code, message };
  const own = typeof name === 'string' ? name.replace(/^builtins\./, '') : 'Error';
  return { code, message, data: { name: own, args: list } };
}

/** A fault as Python writes it. A name without a module is one of `builtins`. */
export function errorOf({
  code,
  message,
  data,
}: FaultBody): readonly [name: string, args: readonly unknown[], repr: string] {
  const { name: given = 'Error', args } = Object(data) as { readonly name?: unknown; readonly args?: unknown };
  const own = String(given);
  const name =
    code === Code.MethodNotFound
      ? NOT_FOUND
      : code === Code.InvalidParams
        ? PARAMETERS
        : own.includes('.')
          ? own
          : `builtins.${pythonName(own)}`;
  return [
    name,
    Array.isArray(args) ? args : [message],
    `${name.slice(name.lastIndexOf('.') + 1)}(${JSON.stringify(message)})`,
  ];
}
