/** What an extension keeps for one session. */
export interface SessionPart {
  /** How many bytes wait here to be sent. */
  readonly bytes?: number;
  /** What the link had buffered has left. */
  drained?(): void;
  /** Looks at its time, and returns when to look again; `Infinity` if there is no need. */
  due?(now: number): number;
  /** The session is about to end without an error: what is kept leaves now, or never. */
  closing?(): void;
  /** The session has ended. */
  ended?(): void;
}
