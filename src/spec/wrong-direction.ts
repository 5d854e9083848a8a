import type { Unbound } from '../base/bound-methods.js';
import { UsageError } from '../contract/errors.js';
import type { MethodDescriptor } from './method-table.js';

/*
 * The errors for a program that uses a method in the direction that its side does not have, as when it lacks invert().
 * The types refuse that; these texts are for programs without type checks. Nothing here runs during a call: the
 * functions are made once for each class, and those that are not called cost nothing.
 */

/** The name of the class from which sides are made, and whether these are sides of the inverted class. */
export interface Direction {
  readonly className: string;
  readonly inverted: boolean;
}

/** Which class has the method in the other direction. */
function otherClass({ className, inverted }: Direction): string {
  const name = className === '' ? 'the class' : className;
  return inverted
    ? `use the class itself, ${name}, and not ${name}.invert()`
    : `use the inverted class, ${name}.invert()`;
}

/** Replaces, in a view, a method that this side handles. Throws a UsageError when it is called. */
export function defineIncoming(view: object, method: MethodDescriptor, direction: Direction): void {
  const { path } = method;
  defineRefusal(view, method.key, () => {
    return `${path} is incoming on this side, which handles it and does not call it. To call it, ${otherClass(direction)}`;
  });
}

/** Replaces, in a view of answers, a method that has no answer, or many. Throws a UsageError when it is called. */
export function defineWithoutAnswer(view: object, method: MethodDescriptor): void {
  const { path, stream } = method;
  defineRefusal(view, method.key, () => {
    return `${path} ${stream ? 'returns a stream' : 'has no reply'}: gather and detailed are for requests`;
  });
}

/** The error that a method cannot be handled on this side, because it is outgoing here, and which class to use. */
export function outgoingHere(path: string, direction: Direction): string {
  return `${path} is outgoing on this side, which calls it and does not handle it. To handle it, ${otherClass(direction)}`;
}

/** Lets a method that this side calls throw a UsageError if a handler is added to it. */
export function refuseHandlers(method: Unbound, descriptor: MethodDescriptor, direction: Direction): Unbound {
  const { path } = descriptor;
  const text = (): string => outgoingHere(path, direction);
  // A bound function has the prototype of the original one.
  const prototype = Object.create(Function.prototype) as object;
  for (const name of ['connect', 'disconnect', 'after', 'passSecurityInfo']) defineRefusal(prototype, name, text);
  return Object.setPrototypeOf(method, prototype) as Unbound;
}

/** Not enumerable: listing the members shows only what works. */
function defineRefusal(target: object, key: string, text: () => string): void {
  Object.defineProperty(target, key, {
    configurable: true,
    writable: true,
    value: () => {
      throw new UsageError(text());
    },
  });
}
