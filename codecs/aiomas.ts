import msgpackr from 'msgpackr/index-no-eval';
import type { Address, Codec } from '../src/contract/contract.js';
import { codecWith } from './aiomas/codec.js';
import { json } from './aiomas/json.js';
import { msgpack } from './aiomas/msgpack.js';
import { valuesIn } from './aiomas/values.js';
import { usePackage } from './shared/msgpack/values.js';

export { Extension } from './shared/msgpack/extensions.js';

/**
 * The protocol of aiomas 2.0 for Python, for `tcp:`, `tls:` and `unix:`: requests `[0, id, [path, args, kwargs]]`, results `[1, id, value]` and
 * errors `[2, id, traceback]`, each with its length before it. It is for peers that are not Obverse: no hello, and none of the messages of the
 * library. Arguments by name travel as kwargs, those by position as args; the parts of a name are separated by `/` there, and by `.` here.
 *
 * An error of Python has its class in `remoteName` and its traceback in `stack`; what is thrown here arrives as its class and message. aiomas
 * answers every request, so a notification is a request with the id 0, whose answer is ignored. A service that Python passes as a value arrives as
 * `{ __type__: [0, path] }`.
 *
 * Option: `values`, how values are written: `json` (the default) or `msgpack`, which carries bytes. Imported as a module, it needs the package
 * `msgpackr` for both; named, as in `codec: 'aiomas'`, only for `msgpack`.
 */
export default function aiomas(address: Address): Codec {
  if (valuesIn(address) === 'json') return codecWith(json);
  usePackage(msgpackr);
  return codecWith(msgpack);
}
