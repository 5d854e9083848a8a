import type { Unbound } from '../base/bound-methods.js';
import { UsageError } from '../contract/errors.js';
import type { MethodDescriptor } from './method-table.js';

/*
 * What a program meets that uses a method in the direction in which its side does not have it, as one does that has forgotten
 * invert(). The types refuse that; these texts are for programs that no types check. Nothing here is on the way of a call:
 * the functions are made once for each class, and those that are not called cost nothing.
 */

/** The name of the class from which sides are made, and whether these are the sides of the inverse. */
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

/** Stands in a view for a method that this side handles. Throws a UsageError when it is called. */
export function defineIncoming(view: object, method: MethodDescriptor, direction: Direction): void {
  const { path } = method;
  defineRefusal(view, method.key, () => {
    return `${path} is incoming on this side, which handles it and does not call it. To call it, ${otherClass(direction)}`;
  });
}

/** Stands in a view of answers for a method that has no answer, or many. Throws a UsageError when it is called. */
export function defineWithoutAnswer(view: object, method: MethodDescriptor): void {
  const { path, stream } = method;
  defineRefusal(view, method.key, () => {
    return `${path} ${stream ? 'gives a stream' : 'has no reply'}: gather and detailed are for requests`;
  });
}

/** That a method cannot be handled on this side, since it is outgoing here, and which class to use. */
export function outgoingHere(path: string, direction: Direction): string {
  return `${path} is outgoing on this side, which calls it and does not handle it. To handle it, ${otherClass(direction)}`;
}

/** Lets a method that this side calls throw a UsageError where somebody wants to add a handler to it. */
export function refuseHandlers(method: Unbound, descriptor: MethodDescriptor, direction: Direction): Unbound {
  const { path } = descriptor;
  const text = (): string => outgoingHere(path, direction);
  // A function that is bound has the prototype of the one that it is made of.
  const prototype = Object.create(Function.prototype) as object;
  for (const name of ['connect', 'disconnect', 'after', 'passSecurityInfo']) defineRefusal(prototype, name, text);
  return Object.setPrototypeOf(method, prototype) as Unbound;
}

/** Not enumerable: whoever lists what there is finds only what works. */
function defineRefusal(target: object, key: string, text: () => string): void {
  Object.defineProperty(target, key, {
    configurable: true,
    writable: true,
    value: () => {
      throw new UsageError(text());
    },
  });
}
