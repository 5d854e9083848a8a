import type { MethodDescriptor, MethodKind } from './method-descriptor.js';

/**
 * The descriptor of a method that no spec declares. Its body does nothing. Its arguments are sent by position, or in one object if it
 * is not `positional`; incoming, both are taken.
 */
export function undeclaredMethod(
  direction: MethodDescriptor['direction'],
  kind: MethodKind,
  path: string,
  wire: string,
  positional = true,
): MethodDescriptor {
  return {
    key: wire,
    path,
    wire,
    direction,
    kind,
    request: kind !== 'notification',
    stream: kind === 'stream',
    body: nothing,
    arity: 0,
    types: undefined,
    params: undefined,
    positional,
    timeout: undefined,
    defaults: undefined,
    declaration: { direction, options: {} },
    index: 0,
  };
}

function nothing(): void {}
