/** Texts above this length are scanned before they are written. */
const LONG = 4_096;
/** A list or an object with more values is left to JSON.stringify. */
const FEW = 16;

/** The characters that JSON.stringify escapes, apart from lone surrogates; the most frequent first. */
const ESCAPED: readonly string[] = [
  ...'"\\\n\t',
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)),
];

interface Text {
  /** Not available in every runtime. */
  isWellFormed?(): boolean;
}

/**
 * The JSON of a long text, or of a few primitive values that include a long text; undefined for any other value. One
 * search for each escaped character takes a fifth of the time that JSON.stringify needs to inspect every character.
 */
export function withLongText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length > LONG ? quoted(value) : undefined;
  if (typeof value !== 'object' || value === null || !isFewWithText(value) || 'toJSON' in value) return undefined;
  if (Array.isArray(value)) return `[${Array.from(value, (item) => quoted(item) ?? 'null').join(',')}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  let text = '';
  for (const key of Object.keys(value)) {
    const json = quoted((value as Readonly<Record<string, unknown>>)[key]);
    if (json !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${json}`;
  }
  return `{${text}}`;
}

/** Whether a list or an object holds a long text and few other values, all primitive. Usually the loop ends early. */
function isFewWithText(holder: object): boolean {
  let found = false;
  let left = FEW;
  for (const key in holder) {
    const value = (holder as Readonly<Record<string, unknown>>)[key];
    if (--left < 0) return false;
    if (typeof value === 'string') found ||= value.length > LONG;
    // A function may have a `toJSON` too, and a BigInt is refused.
    else if (value !== null && value !== undefined && typeof value !== 'number' && typeof value !== 'boolean')
      return false;
  }
  return found && (!Array.isArray(holder) || holder.length <= FEW);
}

/** The JSON of a primitive value; undefined for undefined. */
function quoted(value: unknown): string | undefined {
  const isClean =
    typeof value === 'string' &&
    value.length > LONG &&
    !ESCAPED.some((sign) => value.includes(sign)) &&
    (value as Text).isWellFormed?.() === true;
  return isClean ? `"${value}"` : JSON.stringify(value);
}
