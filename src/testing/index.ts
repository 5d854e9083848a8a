/**
 * For those who test programs: a fake peer, a clock to turn, a transport that injects faults, conversations recorded and
 * replayed. For those who write plug-ins: the suites to which the codecs, framings, securities and transports of Obverse
 * are held, and a pair of links in memory. They assert with `node:assert`, and run under any runner.
 */
export { type StoppedClock, stopClock } from './clock.js';
export { testCodec } from './codec.js';
export type { CodecSubject } from './codec-subject.js';
export type { FakeAnswers, FakeMethod, FakeNotification, FakeRequest } from './fake-method.js';
export { type Direction, type Fault, type FaultKind, type Faults, faulty } from './faulty.js';
export { type FramingSubject, testFraming } from './framing.js';
export { type Fake, type FakeCall, type FakeMethods, type Mock, type MockOptions, mock } from './mock.js';
export { type LinkPair, type LinkPairOptions, linkPair } from './pair.js';
export { record } from './record.js';
export type { RecordingSink, RecordingSource } from './recording.js';
export { type Replay, type ReplayOptions, replay } from './replay.js';
export type { Same } from './replay-player.js';
export type { Gaps, Runner } from './runner.js';
export { type SecuritySubject, testSecurity } from './security.js';
export { type TransportCase, testTransport, type WireOptions, wireFor } from './transport.js';
