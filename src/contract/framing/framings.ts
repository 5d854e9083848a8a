import type { FramingFactory, FramingName, Wire } from '../contract.js';
import { UsageError } from '../errors.js';
import { lines, nul } from './delimited.js';
import { headers } from './headers.js';
import { json } from './json.js';
import { length } from './length.js';

export { headers, json, length, lines, nul };

const named: Readonly<Record<FramingName, FramingFactory>> = { lines, nul, headers, length, json };

/**
 * The framing of a byte stream: the one in the address, otherwise the one that the codec prefers, otherwise `length`,
 * which carries everything. `self` selects the codec's own. Throws a UsageError for an unknown name, and for a framing
 * that cannot carry the output of the codec.
 */
export function framingFor(
  asked: string | undefined,
  wire: Pick<Wire, 'form' | 'framing'> & Partial<Pick<Wire, 'sealed'>>,
): FramingFactory {
  if (wire.form === 'values') {
    throw new UsageError(
      'this codec passes values, not bytes; it needs a transport that carries values (worker:, port:, memory:)',
    );
  }
  const preferred = wire.framing ?? 'length';
  if (typeof preferred === 'function' && (asked ?? 'self') === 'self')
    return wire.sealed === true ? (form, limit) => preferred(form, limit, true) : preferred;
  const name = asked ?? (preferred as FramingName);
  if (!Object.hasOwn(named, name)) {
    const own = typeof preferred === 'function' ? ', self' : ' (and self for a codec that has its own, as msgpack has)';
    throw new UsageError(`unknown framing "${name}"; there are ${Object.keys(named).join(', ')}${own}`);
  }
  const framing = named[name as FramingName];
  // Created once for its refusal: a pair that does not fit is refused before there is a link.
  framing(wire.form, 1);
  return framing;
}
