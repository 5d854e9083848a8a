import type { LinkInfo } from '../../src/contract/contract.js';
import type { Ends } from '../shared/visitors.js';

/** The type of a response that is a stream of events. */
export const EVENTS = 'text/event-stream';

/** Headers by their names in lower case. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Receives the body of a request. */
export interface BodyReader {
  /** A part of the body, in order. The bytes may belong to a larger buffer. */
  chunk(bytes: Uint8Array): void;
  /** The body is complete. */
  end(): void;
}

/** What happens to the response of a request. */
export interface ResponseWatch {
  /** More can be written. */
  drained(): void;
  /** The response was sent, or its receiver has gone. */
  gone(): void;
}

/** A request and its response, of whichever server. */
export interface Exchange {
  readonly method: string;
  /** The path and the query. */
  readonly url: string;
  readonly headers: Headers;
  /** `ip:port` of the other end, if that is known. */
  readonly peer: string | undefined;
  readonly ends: Ends;
  /** What is known of the connection, for people. */
  readonly connection: LinkInfo;
  /** Set before anything can happen. */
  watch: ResponseWatch | undefined;
  /** The bytes of the response that were not accepted by the system yet. */
  readonly waiting: number;
  /** Whether the receiver of the response has gone, or has all of it. */
  readonly isOver: boolean;
  /** Reads the body. */
  read(reader: BodyReader): void;
  /** Responds, with the whole body. What was not read of the request is dropped. */
  respond(status: number, headers: Record<string, string>, body?: string | Uint8Array): void;
  /** Begins a response that is written piece by piece. */
  begin(headers: Record<string, string>): void;
  write(text: string): void;
  /** The response that was begun is complete. */
  end(): void;
  /** Ends the connection of the request at once. */
  destroy(): void;
}

/** The value of a header; several are separated by commas. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}
