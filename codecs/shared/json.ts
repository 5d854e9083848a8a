/**
 * Parses a JSON text, or throws a SyntaxError. No object in what it gives has an own property `__proto__`: one who copies
 * such an object by assignment would set the prototype of the copy to what a stranger has sent.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || isFewWithoutProto(value)) return value;
  return mayNameProto(text) ? withoutProto(value) : value;
}

/** With more values, a search in the text takes less time. */
const FEW = 8;

/** Whether a list or an object holds a few values, none of them an object, and none under the key. So do most of what is parsed. */
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

/** Whether the key may occur, also in the spellings that escape some of its letters: _ p r o t are 5f to 74. */
function mayNameProto(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u00') && /\\u00[567]/.test(text));
}

/** Deletes the key wherever it stands. Without recursion, for what is parsed may be nested deeper than the stack is. */
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
