import type { Readable, Writable } from 'node:stream';

/** The callbacks of a link for its streams. */
export interface StreamEvents {
  /** The input has a chunk. */
  read(chunk: Uint8Array): void;
  /** The input has ended: the peer sends no more. */
  ended(): void;
  /** The output has room again. */
  drained(): void;
  /** One of the streams has failed. */
  failed(error: Error): void;
  /** One of the streams is closed. */
  streamClosed(): void;
}

const LINK = Symbol('link');

/** A stream that carries a link. The listeners are shared by all links and find their link here. */
interface Tied {
  [LINK]?: StreamEvents;
}

/** Notifies a link of all events of its streams, which may be one. Starts to read. */
export function listen(input: Readable, output: Writable, link: StreamEvents): void {
  tie(input, link);
  if ((input as unknown) !== output) tie(output, link);
  input.on('data', onData).on('end', onEnd);
  output.on('drain', onDrain);
}

/** Removes the listeners of a link from a stream that outlives it. */
export function unlisten(stream: Readable | Writable): void {
  delete (stream as Tied)[LINK];
  stream.off('error', onError).off('close', onClose).off('data', onData).off('end', onEnd).off('drain', onDrain);
}

function tie(stream: Readable | Writable, link: StreamEvents): void {
  (stream as Tied)[LINK] = link;
  stream.on('error', onError).on('close', onClose);
}

function onData(this: Tied, chunk: Uint8Array): void {
  this[LINK]?.read(chunk);
}

function onEnd(this: Tied): void {
  this[LINK]?.ended();
}

function onDrain(this: Tied): void {
  this[LINK]?.drained();
}

function onError(this: Tied, error: Error): void {
  this[LINK]?.failed(error);
}

function onClose(this: Tied): void {
  this[LINK]?.streamClosed();
}
