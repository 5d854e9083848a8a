/** The largest number has this many digits; BigInt need not read more. */
const MOST_DIGITS = 309;

/** Whether `digits`, with an optional sign, are a whole number that changes when it is read as a JavaScript number. */
export function isRounded(digits: string): boolean {
  const number = Number(digits);
  if (Number.isSafeInteger(number)) return false;
  // A number in the form that JavaScript writes is read as the same number.
  if (String(number) === digits) return false;
  return digits.length > MOST_DIGITS + 1 || !Number.isFinite(number) || BigInt(number) !== BigInt(digits);
}

/** The error about such a number, for the sender. */
export function whyRounded(number: string): string {
  const shown = number.length > 40 ? `${number.slice(0, 40)}…` : number;
  return `the whole number ${shown} is beyond 2^53, where JavaScript rounds it; send it as a string`;
}
