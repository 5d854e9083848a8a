import type { CallSender } from '../session/incoming-calls/call-sender.js';

/*
 * A call that comes with a deadline hands it on: what its handler calls, whomever, has no more time than is left. On runtimes
 * with asynchronous contexts (Node, Bun, Deno) that needs nothing of the handler; elsewhere it says `{ within: sender }`.
 */

interface Context {
  run<T>(sender: CallSender | undefined, job: () => T): T;
  getStore(): CallSender | undefined;
}

let context: Context | null | undefined;

/** Runs the handlers of a call that has a deadline. Only such calls pay for a context. */
export function runWithin<T>(sender: CallSender, job: () => T): T {
  if (context === undefined) context = makeContext();
  return context === null ? job() : context.run(sender, job);
}

/** The call whose deadline applies here, if the runtime has asynchronous contexts. Costs nothing before the first one. */
export function currentCall(): CallSender | undefined {
  const sender = context?.getStore();
  // Code that runs after its call was answered no longer has a deadline.
  return sender?.done === true && sender.detailsIfAny?.cancelled === undefined ? undefined : sender;
}

function makeContext(): Context | null {
  // Not imported, so that nothing of Node can be reached from a browser.
  const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks');
  return hooks === undefined ? null : new hooks.AsyncLocalStorage<CallSender | undefined>();
}
