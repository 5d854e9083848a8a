/** Whether a value can be passed as a stream: an async iterable, or a ReadableStream. Other iterables are data. */
export function isStream(value: object): boolean {
  const { getReader, [Symbol.asyncIterator]: open } = value as { getReader?: unknown } & Partial<
    Record<symbol, unknown>
  >;
  return typeof open === 'function' || typeof getReader === 'function';
}
