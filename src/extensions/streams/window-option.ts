/** What was expected, for a value that does not fit the option `window` of a call; undefined for one that fits. */
export function windowExpects(value: unknown): string | undefined {
  const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [['', undefined] as const];
  const fits = fields.every(
    ([name, size]) =>
      (name === 'items' && Number.isSafeInteger(size) && (size as number) > 0) ||
      (name === 'bytes' && typeof size === 'number' && size > 0),
  );
  return fits ? undefined : 'an object { items, bytes } of positive numbers, whole ones for items';
}
