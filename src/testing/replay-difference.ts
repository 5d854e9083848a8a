import { inspect } from 'node:util';
import type { Codec, Frame, Message } from '../contract/contract.js';
import { ProtocolError } from '../contract/errors.js';

/** How many characters are shown before and after the first difference. */
const BEFORE = 60;
const BEHIND = 120;

/** The difference between a frame and the recording, with both shown. */
export class Difference {
  /** `codec`: decodes frames that are not text, if it is known. */
  constructor(private readonly codec: Codec | undefined) {}

  /** The frame with this number to a peer differs. */
  other(peer: string, number: number, recorded: Frame, sent: Frame): ProtocolError {
    const [left, right] = [this.text(recorded), this.text(sent)];
    return new ProtocolError(
      `replay: frame ${number} to ${peer} is not the one that was recorded:\n${sideBySide(left, right)}`,
    );
  }

  /** No more frames were recorded. */
  tooMany(peer: string, count: number, sent: Frame): ProtocolError {
    return new ProtocolError(
      `replay: the recording has ${count} frames to ${peer}, and one more is sent:\n  sent:     ${cut(this.text(sent), 0)}`,
    );
  }

  /** This many frames were not sent. */
  missing(peer: string, left: number, recorded: Frame): ProtocolError {
    const frames = left === 1 ? 'a frame' : `${left} frames`;
    return new ProtocolError(
      `replay: ${frames} of the recording to ${peer} ${left === 1 ? 'was' : 'were'} not sent; the first is\n  recorded: ${cut(this.text(recorded), 0)}`,
    );
  }

  /** The contents of a frame: text, the messages of other forms, or bytes as characters if they cannot be decoded. */
  private text(frame: Frame): string {
    if (typeof frame === 'string') return frame;
    try {
      const messages: string[] = [];
      this.codec?.decode(frame, (message) => messages.push(said(message)), true);
      if (messages.length > 0) return messages.join(' ');
    } catch {
      // Then as bytes.
    }
    return frame instanceof Uint8Array ? escaped(frame) : show(frame);
  }
}

function said(message: Message): string {
  switch (message.kind) {
    case 'call': {
      const id = message.id === undefined ? 'notification' : `call ${JSON.stringify(message.id)}`;
      return `${id}: ${message.method}(${message.args.map(show).join(', ')})`;
    }
    case 'reply':
      return `reply ${JSON.stringify(message.id)}: ${show(message.value)}`;
    case 'fault':
      return `fault ${JSON.stringify(message.id)}: ${show(message.error)}`;
    default:
      return show(message);
  }
}

function show(value: unknown): string {
  // Without this limit, objects that are repeatedly shared would be shown endlessly.
  return inspect(value, { depth: 10, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 1_000 });
}

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}

function sideBySide(recorded: string, sent: string): string {
  let at = 0;
  while (at < recorded.length && recorded[at] === sent[at]) at++;
  const shown = at > BEFORE ? BEFORE + 1 : at;
  return [
    `  recorded: ${cut(recorded, at)}`,
    `  sent:     ${cut(sent, at)}`,
    `            ${' '.repeat(shown)}^`,
    '  (if frames differ in each run, for example because they contain the time, pass the option `same` to replay())',
  ].join('\n');
}

/** The text around a position, in one line. */
function cut(text: string, at: number): string {
  const from = Math.max(0, at - BEFORE);
  const to = Math.min(text.length, at + BEHIND);
  const shown = text.slice(from, to).replaceAll('\n', '⏎').replaceAll('\r', '␍');
  return `${from > 0 ? '…' : ''}${shown}${to < text.length ? '…' : ''}`;
}
