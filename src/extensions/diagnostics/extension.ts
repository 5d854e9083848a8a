import { type Diagnostics, none } from '../../api/diagnostics.js';
import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { environmentVariable } from '../../base/environment.js';
import { quote } from '../../base/quote.js';
import type { SideLogger } from '../../types/log-entry.js';

/** Call sites in errors and printed messages, if an option or the environment asks for them. */
export const diagnostics: Extension = {
  name: 'diagnostics',
  attach: (host: RpcEndpoint) => ({
    async opening() {
      host.diagnostics = await diagnosticsFor(host.options, host.logger);
    },
  }),
};

/**
 * Loads what the options of a side ask for, or else the environment: `OBVERSE_CALL_SITES=1`, `OBVERSE_DEBUG=messages`. A variable
 * with another value is reported to `logger`, once for each process.
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

/** Whether a variable, a list separated by commas, contains this word. Unknown words are reported. */
function asked(variable: string, word: string, logger: SideLogger): boolean {
  const value = environmentVariable(variable);
  if (value === undefined) return false;
  const words = value.split(',').map((one) => one.trim());
  const others = words.filter((one) => one !== word && !OFF.has(one));
  if (others.length > 0 && !reported.has(variable)) {
    reported.add(variable);
    const message = `obverse: the environment variable ${variable} is ${quote(value, 50)}, which is not known; expected ${word}`;
    logger.entry({ level: 'warn', event: 'side', message }, message);
  }
  return words.includes(word);
}

/** Words that switch nothing on, and are not reported. */
const OFF = new Set(['', '0', 'false', 'off']);

async function load(sites: boolean, prints: boolean): Promise<Diagnostics> {
  return {
    ...(sites && { callSites: await import('./call-sites.js') }),
    ...(prints && { messages: await import('./printed-messages.js') }),
  };
}
