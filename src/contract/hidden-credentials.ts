import type { Codec, Frame, Message } from './contract.js';

/** In place of credentials. */
const HIDDEN = '(hidden)';
/** The messages with credentials, and the field that has them. */
const FIELDS: Readonly<Record<string, string>> = { 'rpc.hello': 'auth', 'rpc.auth': 'credentials' };

/** A message without the credentials that it may carry: the same message if it has none. */
export function withoutCredentials(message: Message): Message {
  if (message.kind !== 'call' || !Object.hasOwn(FIELDS, message.method)) return message;
  const field = FIELDS[message.method] as string;
  const args = message.args.map((arg) =>
    typeof arg === 'object' && arg !== null && field in arg ? { ...arg, [field]: HIDDEN } : arg,
  );
  return args.every((arg, at) => arg === message.args[at]) ? message : { ...message, args };
}

/** A frame for people and for files, without the credentials in its messages. A frame that the codec cannot read is returned as it is. */
export function frameWithoutCredentials(codec: Codec, frame: Frame): Frame {
  if (!mayCarry(frame)) return frame;
  let hides = false;
  const frames: Frame[] = [];
  try {
    codec.decode(
      frame,
      (message) => {
        const shown = withoutCredentials(message);
        hides ||= shown !== message;
        if (shown.kind !== 'bad') frames.push(codec.encode(shown));
      },
      true,
    );
    if (!hides) return frame;
    return frames.length === 1 ? (frames[0] as Frame) : (codec.join?.(frames) ?? (frames[0] as Frame));
  } catch {
    return frame;
  }
}

/** A quick look, so that only frames with such a message are read. */
function mayCarry(frame: Frame): boolean {
  if (typeof frame === 'object' && !(frame instanceof Uint8Array))
    return frame.values.some((value) => typeof value === 'string' && Object.hasOwn(FIELDS, value));
  const text = typeof frame === 'string' ? frame : new TextDecoder('latin1').decode(frame);
  return Object.keys(FIELDS).some((method) => text.includes(method));
}
