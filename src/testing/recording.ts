import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { fromBase64, toBase64 } from '../base/base64.js';
import { time } from '../base/time.js';
import type { Form, Frame, Link, Parcel } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { fromJSON, toJSON } from './recording-values.js';

/** A recorded frame: text, bytes as base64, or values with the size of the parcel. */
export type Written =
  | { readonly text: string }
  | { readonly bytes: string }
  | { readonly values: unknown; readonly length: number };

/** The recorded properties of a link; not `packets`, because a recording has one sent message per frame. */
export type Traits = Pick<
  Link,
  'agreed' | 'dialed' | 'bus' | 'brief' | 'takes' | 'callBeat' | 'maxFrame' | 'frameBytes'
>;

/** The first line of a recording. */
export interface Head {
  readonly obverse: 'recording';
  readonly version: 1;
  readonly form: Form;
  readonly codec: string;
}

/**
 * An event, in the order of the recording. `at` is in milliseconds since the beginning; events that happened together,
 * with nothing between them, have the same number, and others have different ones.
 */
export type Step = { readonly at: number } & (
  | { readonly peer: string; readonly link: Traits }
  /** It was opened; `broadcasts` is whether it reaches everybody with one message. */
  | { readonly address: string; readonly broadcasts?: true }
  | { readonly failed: string }
  | { readonly peer: string; readonly in: Written }
  /** Without a peer, to everybody. */
  | { readonly peer?: string; readonly out: Written }
  /** The peer sends no more, and can still receive. */
  | { readonly peer: string; readonly inputEnded: true }
  /** This side has closed the link, with or without a reason. */
  | { readonly peer: string; readonly close: string | null }
  /** The link has ended without being closed by this side. */
  | { readonly peer: string; readonly end: string | null }
);

/** A `URL`, if the compiler knows that type. */
type FileURL = typeof globalThis extends { URL: { prototype: infer U } } ? U : never;

/** The destination of a recording: a file, or a function that receives its lines. */
export type RecordingSink = string | FileURL | ((line: string) => void);
/** The source of a recording: a file, or its lines. */
export type RecordingSource = string | FileURL | readonly string[];

/** A recording in progress. */
export class Tape {
  private readonly start = time();
  private last = 0;
  private together: number | undefined;
  private file: number | undefined;
  private readonly line: (line: string) => void;

  /** Throws the error of the system if the file cannot be written. */
  constructor(sink: RecordingSink, head: Head) {
    if (typeof sink === 'function') this.line = sink;
    else {
      const file = openSync(sink, 'w');
      this.file = file;
      this.line = (line) => {
        if (this.file !== undefined) writeSync(file, `${line}\n`);
      };
    }
    this.line(JSON.stringify(head));
  }

  /** Records an event; throws a UsageError for one that cannot be recorded. */
  note(step: Record<string, unknown>): void {
    this.line(JSON.stringify({ at: this.now(), ...step }));
  }

  /** Ends the recording. */
  end(): void {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) closeSync(file);
  }

  private now(): number {
    if (this.together === undefined) {
      this.last = Math.max(this.last + 0.001, time() - this.start);
      this.together = Math.round(this.last * 1_000) / 1_000;
      queueMicrotask(() => {
        this.together = undefined;
      });
    }
    return this.together;
  }
}

/** A frame in its recorded form. Throws a UsageError for values that cannot be recorded. */
export function writeFrame(frame: Frame): Written {
  if (typeof frame === 'string') return { text: frame };
  if (frame instanceof Uint8Array) {
    return { bytes: toBase64(frame) };
  }
  return { values: toJSON((frame as Parcel).values), length: frame.length };
}

/** The frame of a recorded form. */
export function readFrame(written: Written): Frame {
  if ('text' in written) return written.text;
  if ('bytes' in written) return fromBase64(written.bytes);
  return { values: fromJSON(written.values) as readonly unknown[], transfer: [], length: written.length };
}

/** Reads a recording. Throws a UsageError if it is not one, and the error of the system if there is no such file. */
export function readRecording(source: RecordingSource): { readonly head: Head; readonly steps: readonly Step[] } {
  const name = typeof source === 'string' || source instanceof URL ? `${source}` : 'the recording';
  const lines = typeof source === 'string' || source instanceof URL ? readFileSync(source, 'utf8').split('\n') : source;
  const read = lines
    .map((line, at) => ({ line, at: at + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, at }) => parse(name, line, at));
  const [head, ...steps] = read as [Partial<Head> | undefined, ...Step[]];
  if (head?.obverse !== 'recording')
    throw new UsageError(`${name} is not a recording: its first line does not identify one`);
  if (head.version !== 1)
    throw new UsageError(`${name} is of version ${head.version}, and only version 1 can be replayed`);
  return { head: head as Head, steps };
}

function parse(name: string, line: string, at: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new UsageError(`${name}: line ${at} is not JSON, as each line of a recording is`, { cause });
  }
}
