/*
 * Asynchronous contexts (`AsyncLocalStorage` of Node, Bun and Deno) follow from whoever opens a socket or sets a timer to what that
 * brings. A link that a handler has opened would bring everything within that handler's call: under its deadline, which is over
 * at some time, and with what the application keeps for its request. So links, servers and timers are made outside.
 */

interface Resource {
  runInAsyncScope<T>(job: (value: never) => T, self: undefined, value?: unknown): T;
}

/** Where this file was loaded: within no call. Not imported, so that nothing of Node can be reached from a browser. */
const root: Resource | undefined = makeResource();

function makeResource(): Resource | undefined {
  const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks');
  return hooks === undefined ? undefined : (new hooks.AsyncResource('obverse') as Resource);
}

/** Runs a job within no call: neither it nor what it leads to has the asynchronous context of whoever asks for it. */
export function outside<T>(job: () => T): T {
  return root === undefined ? job() : root.runInAsyncScope(job, undefined);
}

/** A listener that is called within no call, for what somebody else has made, perhaps within one: a port, a server. */
export function listenerOutside<V>(listener: (value: V) => void): (value: V) => void {
  if (root === undefined) return listener;
  return (value) => root.runInAsyncScope(listener, undefined, value);
}
