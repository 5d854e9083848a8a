import type { Frame, Id, Message } from '../../contract/contract.js';
import { Code } from '../../contract/errors.js';
import { bytesOf } from '../../session/sending/message-size.js';
import type { Session } from '../../session/session.js';

/** What is joined makes datagrams of so many bytes, which no network splits. */
export const JOINED_BYTES = 1_200;

/** What is said to a caller whose address is not proved: the longest text that fits. */
export const UNPROVED: readonly string[] = [
  'the answer is larger than an address may draw that has not proved to be its own: echo rpc.prove, call in a larger ' +
    'datagram, or listen with the option "trusted" of the udp address, in a network where nobody forges addresses',
  'the answer is too large for an unproved address',
  'address unproved',
  '',
];
/** The same, where more waited for the proof than is kept. */
export const TOO_MUCH: readonly string[] = [
  'more answers waited for the proof of the address than are kept: call again',
  '',
];

/** What is in a message that cannot be sent. */
export interface Content {
  /** The calls that it answers. */
  readonly answers: readonly Id[];
  /** The calls of ours that are in it. */
  readonly calls: readonly Id[];
  /** It is nothing but the error that says that the address is not proved. */
  readonly refuses: boolean;
}

/** What is in a message of ours; nothing if it is not known. */
export function contentOf({ host }: Session, plain: Frame | undefined): Content {
  const answers: Id[] = [];
  const calls: Id[] = [];
  let refuses = plain !== undefined;
  const read = (message: Message): void => {
    if (message.kind === 'call') {
      if (message.id !== undefined) calls.push(message.id);
    } else answers.push(message.id);
    refuses &&= message.kind === 'fault' && UNPROVED.includes(message.error.message);
  };
  try {
    if (plain !== undefined) host.codec.decode(plain, read, true);
  } catch {
    // The codec cannot read what it has written: the rest is not reported.
  }
  return { answers, calls, refuses };
}

/** How answers are refused. */
export interface Refusing {
  readonly texts: readonly string[];
  /** For how many answers the room is meant. */
  readonly left: number;
  leave(frame: Frame): void;
}

/** One error for each answer; those of a batch are joined. */
export function refuseAnswers(session: Session, answers: readonly Id[], { texts, left, leave }: Refusing): void {
  const { link, host } = session;
  const { join } = host.codec;
  const room = (): number => link.maxFrame ?? Number.POSITIVE_INFINITY;
  let frames: Frame[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (frames.length === 0) return;
    leave(answers.length > 1 && join !== undefined ? join(frames) : (frames[0] as Frame));
    frames = [];
    bytes = 0;
  };
  for (const [n, id] of answers.entries()) {
    const frame = errorFor(session, id, texts, (room() - bytes) / (left - n));
    frames.push(frame);
    bytes += bytesOf(frame) + 1;
    if (join === undefined || bytes > JOINED_BYTES) flush();
  }
  flush();
}

/** The error with the longest text that fits into so many bytes; without a text it may be larger. */
function errorFor(session: Session, id: Id, texts: readonly string[], share: number): Frame {
  let frame: Frame = '';
  for (const message of texts) {
    frame = session.encode({ kind: 'fault', id, error: { code: Code.TooLarge, message } });
    if (bytesOf(frame) <= share) break;
  }
  return frame;
}
