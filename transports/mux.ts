import { parseAddress } from '../src/contract/address.js';
import type { TransportFactory, TransportSource } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { splitParts } from './shared/mux-address.js';
import { MuxTransport, Part } from './shared/mux-transport.js';

export { type Mux, mux } from './shared/mux-holder.js';
export type { MuxPart } from './shared/mux-transport.js';

/**
 * `mux:(a)(b)`: several transports as one, in brackets of any kind; an array of transports is the same. Each part ends in
 * the way that its own scheme says, or else as the verb says. They are opened together; if one cannot be, none is, and the
 * error tells the reason of each. A peer is called as its part calls it.
 */
const mux: TransportFactory = (address, wire) => {
  const { text } = address;
  const colon = text.indexOf(':');
  // The text is its parts to the end, so what looks like its query is that of the last one.
  const sources: TransportSource[] = colon < 0 ? [] : splitParts(text.slice(colon + 1));
  const { options: ofLast } = parseAddress(text);
  for (const [name, value] of Object.entries(address.options)) {
    if (name === 'parts' && Array.isArray(value)) sources.push(...value);
    else if (ofLast[name] !== value) {
      throw new UsageError(`mux: has no option "${name}"; there is parts, a list of transports`);
    }
  }
  if (sources.length === 0) throw new UsageError(`"${text}" has no parts: expected mux:(a)(b), or a list`);
  return new MuxTransport(
    sources.map((source) => new Part(source)),
    wire,
  );
};

export default mux;
