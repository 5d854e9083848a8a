import { isHidden, isPromise, tagOf } from './kinds.js';

/** The kinds of objects that the option `types` has a wire form for. */
const standard = new Set(['Map', 'Set', 'RegExp', 'Error', 'ArrayBuffer', 'DataView', 'URL']);

/** The error for an object that would arrive empty. A session adds the path of the object to its message. */
export class Hidden extends TypeError {
  constructor(readonly refused: object) {
    const tag = tagOf(refused);
    const instead = standard.has(tag)
      ? `${tag === 'Error' ? 'throw it, or ' : ''}register standardTypes with the option "types"`
      : isPromise(refused)
        ? 'await it first'
        : 'send its contents instead';
    super(
      `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag} cannot be sent, because it would arrive as an empty object: ${instead}`,
    );
  }
}

/** Throws for an object that would arrive empty. */
export function mustShow(value: object): void {
  if (isHidden(value)) throw new Hidden(value);
}
