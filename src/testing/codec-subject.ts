import type { Codec, Frame } from '../contract/contract.js';
import type { Gaps } from './runner.js';

/** A codec to test. */
export interface CodecSubject {
  /** The name of the suite in the runner's report. */
  readonly name: string;
  /** Creates the codec: once for each test. */
  readonly make: () => Codec;
  /** Values that the codec keeps in both directions, in addition to those of JSON. */
  readonly values?: readonly unknown[];
  /** A value that the codec cannot encode. By default, a list that contains itself. */
  readonly unencodable?: unknown;
  /**
   * Frames with values that are nested so deeply that a recursive reader overflows the stack; for text there are some.
   */
  readonly deep?: readonly Frame[];
  /** Tests that the codec cannot pass by design: the name of the test, and the reason. */
  readonly gaps?: Gaps;
}
