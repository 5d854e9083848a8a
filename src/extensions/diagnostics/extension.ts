import { type Diagnostics, none } from '../../api/diagnostics.js';
import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { environmentVariable } from '../../base/environment.js';
import { quote } from '../../base/quote.js';
import type { SideLogger } from '../../types/log-entry.js';

/** Call sites in errors, and messages that are printed: what an option or the environment asks for. */
export const diagnostics: Extension = {
  name: 'diagnostics',
  attach: (host: RpcEndpoint) => ({
    async opening() {
      host.diagnostics = await diagnosticsFor(host.options, host.logger);
    },
  }),
};

/**
 * What the options of a side ask for, or else the environment: `OBVERSE_CALL_SITES=1`, `OBVERSE_DEBUG=messages`. A variable that
 * says something else is reported to `logger`, once for the process.
 */
function diagnosticsFor(
  options: { readonly callSites?: boolean | undefined },
  logger: SideLogger,
): Diagnostics | Promise<Diagnostics> {
  const sites = options.callSites ?? asked('OBVERSE_CALL_SITES', '1', logger);
  const prints = asked('OBVERSE_DEBUG', 'messages', logger);
  return sites || prints ? load(sites, prints) : none;
}

const reported = new Set<string>();

/** Whether one of the words of a variable, which are separated by commas, is this one. Of other words it reports. */
function asked(variable: string, word: string, logger: SideLogger): boolean {
  const value = environmentVariable(variable);
  if (value === undefined) return false;
  const words = value.split(',').map((one) => one.trim());
  const others = words.filter((one) => one !== word && !OFF.has(one));
  if (others.length > 0 && !reported.has(variable)) {
    reported.add(variable);
    const message = `obverse: the environment variable ${variable} is ${quote(value, 50)}, which it does not know: it knows ${word}`;
    logger.entry({ level: 'warn', event: 'side', message }, message);
  }
  return words.includes(word);
}

/** What means nothing, and may be meant so. */
const OFF = new Set(['', '0', 'false', 'off']);

async function load(sites: boolean, prints: boolean): Promise<Diagnostics> {
  return {
    ...(sites && { callSites: await import('./call-sites.js') }),
    ...(prints && { messages: await import('./printed-messages.js') }),
  };
}
