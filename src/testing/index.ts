/**
 * For tests of programs: a fake peer, a clock that tests control, a transport and a proxy that inject faults, and
 * conversations that are recorded and replayed. For tests of plug-ins: the suites for codecs, framings, securities and transports
 * that Obverse itself uses, and a pair of links in memory. They assert with `node:assert`, and work with any test
 * runner.
 */
export {
  type ChaosCut,
  type ChaosDirection,
  type ChaosFault,
  type ChaosKind,
  type ChaosOptions,
  type ChaosProxy,
  type ChaosSchedule,
  type ChaosStats,
  chaosProxy,
} from './chaos-proxy.js';
export { type StoppedClock, stopClock } from './clock.js';
export { testCodec } from './codec.js';
export type { CodecSubject } from './codec-subject.js';
export { type ExtensionSubject, testExtension } from './extension.js';
export type { FakeAnswers, FakeMethod, FakeNotification, FakeRequest } from './fake-method.js';
export { type Direction, type Fault, type FaultKind, type Faults, faulty } from './faulty.js';
export { type FramingSubject, testFraming } from './framing.js';
export { type KeeperCase, testKeeper } from './keeper.js';
export { type Fake, type FakeCall, type FakeMethods, type Mock, type MockOptions, mock } from './mock.js';
export { type LinkPair, type LinkPairOptions, linkPair } from './pair.js';
export { record } from './record.js';
export type { RecordingSink, RecordingSource } from './recording.js';
export { type Replay, type ReplayOptions, replay } from './replay.js';
export type { Same } from './replay-player.js';
export type { Gaps, Runner } from './runner.js';
export { type SecuritySubject, testSecurity } from './security.js';
export { type ServiceCase, testService } from './service.js';
export { type TransportCase, testTransport, type WireOptions, wireFor } from './transport.js';
