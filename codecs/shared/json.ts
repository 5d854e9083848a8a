/**
 * Parses a JSON text, or throws a SyntaxError. No object in the result has an own property `__proto__`: copying such an
 * object by assignment would set the prototype of the copy to data from the peer.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || isFewWithoutProto(value)) return value;
  return mayNameProto(text) ? withoutProto(value) : value;
}

/** With more values, a search in the text is faster. */
const FEW = 8;

/** Whether a list or an object holds a few primitive values and not the key. Most parsed values are like this. */
function isFewWithoutProto(holder: object): boolean {
  let left = FEW;
  if (Array.isArray(holder)) {
    for (let at = 0; at < holder.length; at++) {
      const value: unknown = holder[at];
      if (--left < 0 || (typeof value === 'object' && value !== null)) return false;
    }
    return true;
  }
  for (const key in holder) {
    if (key === '__proto__' || --left < 0) return false;
    const value = (holder as Readonly<Record<string, unknown>>)[key];
    if (typeof value === 'object' && value !== null) return false;
  }
  return true;
}

/** Whether the key may occur, also with some of its letters escaped: _ p r o t are 5f to 74. */
function mayNameProto(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u00') && /\\u00[567]/.test(text));
}

/** Deletes the key wherever it occurs. It does not recurse: a parsed value may be nested deeper than the stack. */
function withoutProto(root: object): object {
  const open: object[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    if (Object.hasOwn(holder, '__proto__')) Reflect.deleteProperty(holder, '__proto__');
    for (const value of Object.values(holder) as unknown[]) {
      if (typeof value === 'object' && value !== null) open.push(value);
    }
  }
  return root;
}
