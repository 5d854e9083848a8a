/** What travels over a link of the model. */
export interface Message {
  readonly kind: 'call' | 'reply' | 'cancel' | 'note';
  readonly uid: number;
  readonly size: number;
  readonly busy?: boolean;
  /** For the checks alone: to which session it belongs, and which of its messages it is. */
  token?: string;
  seq?: number;
}

/** Begins or resumes a session, and answers that. */
export interface Hello {
  readonly kind: 'hello';
  readonly dial: number;
  readonly token?: string;
  readonly got?: number | undefined;
  readonly sent?: number | undefined;
  /** The client has given the session up: it is to end, and another one to begin. */
  readonly over?: boolean;
  /** Why another session begins in its place; then `got` is what had arrived of it, if that is known. */
  readonly fresh?: string;
  readonly refused?: string;
}

export interface Ack {
  readonly kind: 'ack';
  readonly got: number;
  readonly sent: number;
}

export type Packet = Message | Hello | Ack;

export const weight = (messages: readonly Message[]): number => messages.reduce((sum, { size }) => sum + size, 0);
