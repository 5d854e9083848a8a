/*
 * Asynchronous contexts (`AsyncLocalStorage` of Node, Bun and Deno) propagate from the code that opens a socket or sets
 * a timer to its callbacks. A link that a handler has opened would run everything within that handler's call: under its
 * deadline, which passes, and with what the application keeps for its request. So links, servers and timers are created
 * outside of any call.
 */

interface Resource {
  runInAsyncScope<T>(job: (value: never) => T, self: undefined, value?: unknown): T;
}

/**
 * The context in which this file was loaded: outside of any call. Not imported, so that browser bundles reach no module
 * of Node.
 */
const root: Resource | undefined = makeResource();

function makeResource(): Resource | undefined {
  const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks');
  return hooks === undefined ? undefined : (new hooks.AsyncResource('obverse') as Resource);
}

/** Runs a job outside of any call: neither the job nor its callbacks have the asynchronous context of the caller. */
export function outside<T>(job: () => T): T {
  return root === undefined ? job() : root.runInAsyncScope(job, undefined);
}

/**
 * A listener that runs outside of any call, for objects that other code has created, perhaps within one: a port, a
 * server.
 */
export function listenerOutside<V>(listener: (value: V) => void): (value: V) => void {
  if (root === undefined) return listener;
  return (value) => root.runInAsyncScope(listener, undefined, value);
}
