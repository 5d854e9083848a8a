import type { Codec, Frame } from '../contract/contract.js';
import type { Gaps } from './runner.js';

/** A codec that is to be tested. */
export interface CodecSubject {
  /** What the suite is called in the runner's report. */
  readonly name: string;
  /** Makes the codec: once for each test. */
  readonly make: () => Codec;
  /** Values that survive the way there and back, besides those of JSON. */
  readonly values?: readonly unknown[];
  /** A value that the codec cannot encode. Without it, a list that holds itself. */
  readonly unencodable?: unknown;
  /** Frames whose values are nested so deeply that a recursive reader runs out of stack; for text there are some. */
  readonly deep?: readonly Frame[];
  /** Tests that the codec cannot pass by its nature: the name of the test, and the reason. */
  readonly gaps?: Gaps;
}
