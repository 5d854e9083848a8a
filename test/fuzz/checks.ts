import assert from 'node:assert/strict';
import type { Message } from '../../src/contract/contract.js';

/** Longer than this, one frame does not take on a busy machine either. */
export const MOST_MS = 5_000;

const builtIn = [Object.prototype, Array.prototype, Function.prototype, Map.prototype, String.prototype] as const;
const names = builtIn.map((one) => Reflect.ownKeys(one).length);

/** No frame has changed what all objects inherit. */
export function checkPrototypes(): void {
  for (const [n, one] of builtIn.entries()) {
    assert.equal(Reflect.ownKeys(one).length, names[n], 'a built-in prototype has been changed');
  }
  assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'Object.prototype has been polluted');
}

/** No value of a message has an own `__proto__`, or another prototype than its kind. */
export function checkValues(message: Message): void {
  if (message.kind === 'call') check(message.args, new Set());
  else if (message.kind === 'reply') check(message.value, new Set());
  else check(message.error.data, new Set());
}

function check(value: unknown, seen: Set<object>): void {
  // Deeper than the stack is the codec's to refuse; this check need not see all of it.
  if (typeof value !== 'object' || value === null || seen.has(value) || seen.size > 2_000) return;
  seen.add(value);
  assert.equal(Object.hasOwn(value, '__proto__'), false, 'an object has an own property __proto__');
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown } | null;
  assert.ok(
    prototype === null ||
      (typeof prototype.constructor === 'function' && prototype === prototype.constructor.prototype),
    'an object has a prototype that came over the wire',
  );
  if (ArrayBuffer.isView(value)) return;
  const inner = value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value);
  for (const one of inner) check(one, seen);
}

/** Runs one frame. Fails if that takes too long. */
export function inTime(body: () => void): void {
  const start = performance.now();
  body();
  const spent = performance.now() - start;
  assert.ok(spent < MOST_MS, `it took ${spent.toFixed(0)} ms`);
}
