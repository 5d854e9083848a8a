import { environmentVariable } from './environment.js';

/** What helps to find a fault, and is off unless somebody asks for it. Loaded only then. */
export interface Diagnostics {
  /** Errors of calls show the line of the call. */
  readonly callSites?: typeof import('./call-sites.js');
  /** What travels is printed. */
  readonly messages?: typeof import('./printed-messages.js');
}

/** Nothing is asked for. */
export const none: Diagnostics = Object.freeze({});

/** What the options of a side ask for, or else the environment: `OBVERSE_CALL_SITES=1`, `OBVERSE_DEBUG=messages`. */
export function diagnosticsFor(options: { readonly callSites?: boolean }): Diagnostics | Promise<Diagnostics> {
  const sites = options.callSites ?? environmentVariable('OBVERSE_CALL_SITES') === '1';
  const prints = environmentVariable('OBVERSE_DEBUG')?.split(',').includes('messages') === true;
  return sites || prints ? load(sites, prints) : none;
}

async function load(sites: boolean, prints: boolean): Promise<Diagnostics> {
  return {
    ...(sites && { callSites: await import('./call-sites.js') }),
    ...(prints && { messages: await import('./printed-messages.js') }),
  };
}
