import type { Headers } from './exchange.js';
import type { Piece } from './parts.js';

/** Receives what becomes of a request. */
export interface PostWatch {
  /** The response has begun. */
  head(status: number, statusText: string, headers: Headers): void;
  /** A part of its body. */
  chunk(bytes: Uint8Array): void;
  /** The body is complete. */
  end(): void;
  /** The request has failed, or the response has broken off. `isUnsent`: the server cannot have seen the request. */
  failed(error: Error, isUnsent: boolean): void;
}

/** A request on its way. */
export interface Posted {
  /** Ends the request, and its connection where that has no other use. Nothing of it is reported any more. */
  abort(): void;
}

/** Sends requests to one URL. */
export interface Poster {
  /** Sends a POST; without a body, a DELETE. Never throws. `watch` is not called within this call. */
  post(body: Piece | undefined, headers: Record<string, string>, watch: PostWatch): Posted;
  /** The error for a request that has failed, with what to do if that is known. */
  explain(error: Error): string;
  /** Frees the connections that are kept. */
  close(): void;
}
