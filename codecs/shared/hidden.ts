import { hasNoFields, isError, isHidden, isMap, isOfFields, isPromise, isSet, tagOf } from '../../src/base/kinds.js';
import { pathTo } from '../../src/base/value-paths.js';
import type { Outbound } from '../../src/contract/contract.js';

/** The kinds of objects that the option `types` has a wire form for. */
const standard = new Set(['Map', 'Set', 'RegExp', 'Error', 'ArrayBuffer', 'DataView', 'URL']);

/** Objects that JSON replaces by the value that they hold. */
const boxes = new Set(['Number', 'String', 'Boolean']);

/** An object that would arrive empty. */
class Hidden extends TypeError {
  constructor(readonly object: object) {
    super('an object would arrive as an empty one');
  }
}

/** Throws for an object that would arrive empty. */
export function mustShow(value: object): void {
  if (isHidden(value)) throw new Hidden(value);
}

/** The same for all values of a text that was made by JSON.stringify; `replacer` is the replacer that was used. */
export function mustShowAll(values: unknown, replacer?: (this: unknown, key: string, value: unknown) => unknown): void {
  JSON.stringify(values, function (this: unknown, key: string, value: unknown) {
    const instead = replacer === undefined ? value : replacer.call(this, key, value);
    if (typeof instead === 'object' && instead !== null && isHidden(instead) && !boxes.has(tagOf(instead)))
      throw new Hidden(instead);
    return instead;
  });
}

/**
 * Throws for an object that structured clone turns into an empty one. Some runtimes clone their own JavaScript objects
 * so.
 */
export function mustClone(value: object): void {
  if (isOfFields(value) || ArrayBuffer.isView(value) || isMap(value) || isSet(value) || isError(value)) return;
  if (hasNoFields(value) && isLostInClone(value)) throw new Hidden(value);
}

function isLostInClone(value: object): boolean {
  let copy: unknown;
  try {
    copy = structuredClone(value);
  } catch {
    // An object that moves cannot be cloned; any other makes the clone of the whole value fail.
    return false;
  }
  return isOfFields(copy as object) && Object.keys(copy as object).length === 0;
}

/** Encodes a message. The error for a value that `mustShow` refuses names its path. */
export function shown<M extends Outbound, F>(message: M, write: (message: M) => F): F {
  try {
    return write(message);
  } catch (error) {
    throw error instanceof Hidden ? refusal(valuesOf(message), error.object) : error;
  }
}

function valuesOf(message: Outbound): unknown {
  switch (message.kind) {
    case 'call':
      return message.named ? message.args[0] : message.args;
    case 'reply':
      return message.value;
    case 'fault':
      return message.error.data;
  }
}

function refusal(values: unknown, object: object): TypeError {
  const path = pathTo(values, object);
  const tag = tagOf(object);
  const instead = standard.has(tag)
    ? 'register standardTypes with the option "types"'
    : isPromise(object)
      ? 'await it first'
      : 'send its contents instead';
  const at = path === undefined || path === '' ? '' : ` at ${path}`;
  return new TypeError(
    `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag}${at} cannot be sent, because it would arrive as an empty object: ${instead}`,
  );
}
