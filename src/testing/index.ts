/**
 * For those who write plug-ins: the suites to which the codecs, framings, securities and transports of Obverse are held,
 * a pair of links in memory, and a transport that injects faults. They assert with `node:assert`, and run under any runner.
 */
export { type CodecSubject, testCodec } from './codec.js';
export { type Direction, type Fault, type FaultKind, type Faults, faulty } from './faulty.js';
export { type FramingSubject, testFraming } from './framing.js';
export { type LinkPair, type LinkPairOptions, linkPair } from './pair.js';
export type { Gaps, Runner } from './runner.js';
export { type SecuritySubject, testSecurity } from './security.js';
export { type TransportCase, testTransport, type WireOptions, wireFor } from './transport.js';
