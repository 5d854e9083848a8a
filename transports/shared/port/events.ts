import { listenerOutside } from '../../../src/base/async-context.js';
import type { LinkInfo } from '../../../src/contract/contract.js';
import { UsageError } from '../../../src/contract/errors.js';

type Listener = (value: unknown) => void;

/**
 * An object that messages are posted to: a MessagePort, a Worker, `parentPort`, a browser's `self`, or a similar one.
 * Listeners are added by `on` and `off`, or by `addEventListener` and `removeEventListener`.
 */
export interface Port {
  // Methods, so that the ports of Node and of browsers fit, whose parameters are narrower.
  postMessage(message: unknown, transfer: never[]): void;
  on?(event: string, listener: (value: never) => void): unknown;
  off?(event: string, listener: (value: never) => void): unknown;
  addEventListener?(event: string, listener: (value: never) => void): void;
  removeEventListener?(event: string, listener: (value: never) => void): void;
  start?(): void;
  close?(): void;
  /** In a worker of Node. */
  readonly threadId?: number;
}

/** Throws a UsageError, which begins with `who`, unless the value can post messages and listen to them. */
export function asPort(value: unknown, who: string): Port {
  const port = value as Partial<Record<keyof Port, unknown>> | null | undefined;
  const has = (name: keyof Port): boolean => typeof port?.[name] === 'function';
  const listens = (has('on') && has('off')) || (has('addEventListener') && has('removeEventListener'));
  if (has('postMessage') && listens) return value as Port;
  throw new UsageError(
    `${who}: expected a MessagePort, a Worker or something else with postMessage and on/off or addEventListener/removeEventListener, not ${describe(value)}`,
  );
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return `an object of ${value.constructor?.name ?? 'no class'}`;
}

/**
 * Listens to several events of a port and returns the function that removes the listeners. A `message` passes its
 * value, any other event what the port reports: an event object in browsers, the value itself in Node.
 */
export function listen(port: Port, listeners: Readonly<Record<string, Listener>>): () => void {
  const ends: (() => void)[] = [];
  for (const [event, listener] of Object.entries(listeners)) ends.push(listenTo(port, event, listener));
  // A MessagePort keeps its messages until it is started; with `on`, Node starts it itself.
  if (port.on === undefined) port.start?.();
  return () => {
    for (const end of ends) end();
  };
}

function listenTo(port: Port, event: string, given: Listener): () => void {
  const listener = listenerOutside(given);
  if (port.on !== undefined && port.off !== undefined) {
    port.on(event, listener);
    return () => port.off?.(event, listener);
  }
  const heard = event === 'message' ? (got: { readonly data: unknown }) => listener(got.data) : listener;
  port.addEventListener?.(event, heard);
  return () => port.removeEventListener?.(event, heard);
}

/** What is known about the other end of a port. */
export function portInfo({ threadId }: Port): LinkInfo {
  return typeof threadId === 'number' ? { threadId } : {};
}

/** The part of the module `node:worker_threads` that is used here. */
export interface WorkerThreads {
  readonly parentPort: Port | null;
  readonly Worker: new (
    file: URL,
    options: Readonly<Record<string, unknown>>,
  ) => Port & { terminate(): Promise<number> };
}

/** Node's module, if there is one; loaded without an import, so that bundles for browsers do not contain it. */
export function workerThreads(): WorkerThreads | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.('node:worker_threads') as WorkerThreads | undefined;
}

/**
 * Calls `onClose` before this worker ends itself by `self.close()`, which is not reported to the other end in browsers,
 * Deno and Bun. Messages of the same turn are sent first. Returns the function that undoes this; does nothing where
 * `self.close` does not exist.
 */
export function beforeSelfClose(onClose: () => void): () => void {
  const scope = globalThis as { WorkerGlobalScope?: unknown; close?: () => void };
  const { close } = scope;
  if (scope.WorkerGlobalScope === undefined || typeof close !== 'function') return () => {};
  const closing = (): void => {
    queueMicrotask(() => {
      onClose();
      close.call(globalThis);
    });
  };
  scope.close = closing;
  return () => {
    if (scope.close === closing) scope.close = close;
  };
}

/** The port to the thread that started this worker, or undefined outside a worker. */
export function parentPort(): Port | undefined {
  const threads = workerThreads();
  if (threads?.parentPort) return threads.parentPort;
  const scope = globalThis as { WorkerGlobalScope?: unknown; postMessage?: unknown };
  // A page has `postMessage` too, but there it posts to the page itself.
  return scope.WorkerGlobalScope !== undefined && typeof scope.postMessage === 'function'
    ? (globalThis as unknown as Port)
    : undefined;
}
