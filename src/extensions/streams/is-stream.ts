/** Whether a value can be offered as a stream: an async iterable, or a ReadableStream. What is iterable otherwise is data. */
export function isStream(value: object): boolean {
  const { getReader, [Symbol.asyncIterator]: open } = value as { getReader?: unknown } & Partial<
    Record<symbol, unknown>
  >;
  return typeof open === 'function' || typeof getReader === 'function';
}
