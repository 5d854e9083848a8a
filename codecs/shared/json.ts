/**
 * Parses a JSON text, or throws a SyntaxError. No object in what it gives has an own property `__proto__`: one who copies
 * such an object by assignment would set the prototype of the copy to what a stranger has sent.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && mayNameProto(text) ? withoutProto(value) : value;
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
