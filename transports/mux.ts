import { parseAddress, withoutPassword } from '../src/contract/address.js';
import type { TransportFactory, TransportSource } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { splitParts } from './shared/mux/address.js';
import { MuxTransport, Part } from './shared/mux/transport.js';

export { type Mux, mux } from './shared/mux/holder.js';
export type { MuxPart } from './shared/mux/transport.js';

/**
 * `mux:(a)(b)`: several transports as one, in brackets of any kind; an array of transports does the same. Each part
 * listens or dials as its own scheme says, and otherwise as the method that was called says. The parts are opened
 * together: if one of them fails, none stays open, and the error lists the reason for each. The id of a peer is the one
 * that its part assigns.
 */
const mux: TransportFactory = (address, wire) => {
  const { text } = address;
  const colon = text.indexOf(':');
  // The parts reach to the end of the text, so a query at the end belongs to the last one.
  const sources: TransportSource[] = colon < 0 ? [] : splitParts(text.slice(colon + 1));
  const { options: ofLast } = parseAddress(text);
  for (const [name, value] of Object.entries(address.options)) {
    if (name === 'parts' && Array.isArray(value)) sources.push(...value);
    else if (ofLast[name] !== value) {
      throw new UsageError(`mux: has no option "${name}"; there is parts, a list of transports`);
    }
  }
  if (sources.length === 0)
    throw new UsageError(
      `"${withoutPassword(text)}" has no parts; expected mux:(a)(b), or the option "parts" with a list of transports`,
    );
  return new MuxTransport(
    sources.map((source) => new Part(source)),
    wire,
  );
};

export default mux;
