import assert from 'node:assert/strict';
import type { Form, Frame, Link, Parcel, Receiver, Transport } from '../contract/contract.js';
import { type TransportCase, type WireOptions, wireFor } from './transport-case.js';

/** One end of a link: a receiver that records what arrives, in order, and the link to answer. */
export class End implements Receiver {
  readonly link: Link;
  readonly frames: Frame[] = [];
  /** The arguments of each call of `closed`. */
  readonly ends: (Error | undefined)[] = [];
  drains = 0;
  /** Calls that came after `closed`. */
  late = 0;
  /** Called for each frame, once it is recorded. */
  onFrame: ((frame: Frame) => void) | undefined;

  constructor(link: Link) {
    this.link = link;
  }

  receive(frame: Frame): void {
    if (this.ends.length > 0) this.late++;
    this.frames.push(frame);
    this.onFrame?.(frame);
  }

  drained(): void {
    if (this.ends.length > 0) this.late++;
    this.drains++;
  }

  closed(reason?: Error): void {
    this.ends.push(reason);
  }

  /** The frames as text. */
  get texts(): string[] {
    return this.frames.map(textOf);
  }

  /** Resolves when this many frames have arrived. */
  async has(count: number): Promise<void> {
    await until(
      () => `${count} frames at ${this.link.peer}, ${this.frames.length} are there`,
      () => {
        if (this.ends.length > 0 && this.frames.length < count) throw this.ends[0] ?? new Error('the link has ended');
        return this.frames.length >= count;
      },
    );
  }

  /** Resolves with the argument of the first `closed`. */
  async ended(): Promise<Error | undefined> {
    await until(
      () => `the end of the link to ${this.link.peer}`,
      () => this.ends.length > 0,
    );
    return this.ends[0];
  }
}

/** A transport and the ends of its links, in the order in which they were accepted. */
export class Side {
  readonly transport: Transport;
  readonly ends: End[] = [];
  /** Called for each link while it is being accepted. */
  onLink: ((end: End) => void) | undefined;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  open(): Promise<void> {
    return this.transport.open((link) => {
      const end = new End(link);
      this.ends.push(end);
      this.onLink?.(end);
      return end;
    });
  }

  /** The end of the link that was accepted as number `at`. */
  async end(at = 0): Promise<End> {
    await until(
      () => `${at + 1} links of ${this.transport.address}, ${this.ends.length} are there`,
      () => {
        return this.ends.length > at;
      },
    );
    return this.ends[at]!;
  }

  /** Closes the transport and checks the requirements for every link. */
  async close(): Promise<void> {
    await this.transport.close();
    for (const end of this.ends) {
      assert.equal(end.ends.length, 1, `closed was called ${end.ends.length} times for the link to ${end.link.peer}`);
      assert.equal(end.late, 0, `the link to ${end.link.peer} delivered something after its end`);
    }
  }
}

/** Two connected sides, and the ends of the link between them. */
export interface Meeting {
  readonly first: Side;
  readonly second: Side;
  /** The end of the link at the first side. */
  readonly far: End;
  /** The end of the link at the second side. */
  readonly near: End;
}

/** The options of the wires of two sides; `first` and `second` are merged with `both`. */
export interface MeetingWires {
  readonly both?: WireOptions;
  readonly first?: WireOptions;
  readonly second?: WireOptions;
}

/** Opens only the first side, runs the test, and closes it in any case. */
export async function withFirst(
  subject: TransportCase,
  wires: MeetingWires,
  test: (first: Side, visit: () => Promise<Side>) => Promise<void>,
): Promise<void> {
  const form = subject.forms?.[0] ?? 'text';
  const visitors: Side[] = [];
  const first = new Side(await subject.first(wireFor({ form, ...wires.both, ...wires.first, listen: true })));
  const visit = async (): Promise<Side> => {
    const wire = wireFor({ form, ...wires.both, ...wires.second, listen: false });
    const side = new Side(await subject.second(wire, first.transport.address));
    visitors.push(side);
    return side;
  };
  // All of them, also if one fails: an open handle would keep the runner alive.
  const close = () => Promise.allSettled([...visitors, first].map((side) => side.close()));
  try {
    await first.open();
    await test(first, visit);
  } catch (error) {
    await close();
    throw error;
  }
  for (const result of await close()) if (result.status === 'rejected') throw result.reason;
}

/** Connects the two sides, runs the test, closes both, and checks that each end was reported once. */
export async function withMeeting(
  subject: TransportCase,
  wires: MeetingWires,
  test: (meeting: Meeting) => Promise<void>,
): Promise<void> {
  await withFirst(subject, wires, async (first, visit) => {
    const second = await visit();
    await second.open();
    const near = await second.end();
    if (subject.silent === true) near.link.send([frameOf(wires.both?.form ?? subject.forms?.[0] ?? 'text', 'hello')]);
    const far = await first.end();
    if (subject.silent === true) {
      await far.has(1);
      far.frames.length = 0;
    }
    await test({ first, second, far, near });
  });
}

/** Resolves when the condition is true, and fails after 10 s with what was waited for. */
export async function until(what: () => string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) assert.fail(`waited ${withinMs} ms for ${what()}`);
    await turn();
  }
}

/** Checks the reason that the second side receives when the first has ended without one. */
export function assertGoodbye(subject: TransportCase, reason: Error | undefined): void {
  if (subject.goodbye === undefined || reason === undefined) assert.equal(reason, undefined);
  else assert.match(reason.message, subject.goodbye);
}

/** One turn of the event loop, in which timers and sockets are processed. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** A frame of this form that contains a text. */
export function frameOf(form: Form, text: string): Frame {
  if (form === 'text') return text;
  if (form === 'bytes') return new TextEncoder().encode(text);
  return { values: [text], transfer: [], length: text.length };
}

/** The text of a frame that {@link frameOf} has made. */
export function textOf(frame: Frame): string {
  if (typeof frame === 'string') return frame;
  if (frame instanceof Uint8Array) return new TextDecoder().decode(frame);
  return (frame as Parcel).values.join('');
}
