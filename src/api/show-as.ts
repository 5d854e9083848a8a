/** What `console.log` of Node, Bun and Deno asks an object for. */
const INSPECT: symbol = Symbol.for('nodejs.util.inspect.custom');

/** Lets consoles show the objects of a class as a text. */
export function showAs<P extends object>(prototype: P, textOf: (self: P) => string): void {
  Object.defineProperty(prototype, INSPECT, {
    configurable: true,
    value(this: P): string {
      try {
        return textOf(this);
      } catch {
        // What has the prototype and is no such object.
        return '[Obverse]';
      }
    },
  });
}

/** A number of things: `1 peer`, `2 peers`. */
export function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}
