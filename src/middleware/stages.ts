import type { Codec, Form, Frame, FramingName, Message, Outbound } from '../contract.js';
import { UsageError } from '../errors.js';

/** One stage, or several in their order: the first one outgoing is next to the codec, the first one incoming next to the wire. */
type Stage<T> = ((item: T) => T | void) | readonly ((item: T) => T | void)[];

/**
 * What becomes of what passes the codec, in both directions. A stage is synchronous; it gives what stands in the place of what it
 * was given, and undefined leaves it as it is. What an outgoing one throws makes the call fail, what an incoming one throws
 * counts as a frame that cannot be read.
 */
export interface Stages {
  /** After the codec: what it has made of one message. */
  readonly outgoing?: Stage<Frame>;
  /** Before the codec: one frame as it has come. Where the codec packs them, it holds several messages. */
  readonly incoming?: Stage<Frame>;
  /**
   * What the frames are after the stages, where these make others of them: text or bytes. Each frame is one message then. On a byte
   * stream bytes are framed by `length`, text as the codec frames it: what stages make for `lines` or `nul` must not hold that
   * delimiter. Without it stages look on: one that gives another frame is refused.
   */
  readonly form?: 'text' | 'bytes';
  /** Messages, before the codec encodes them and after it has decoded them. */
  readonly messages?: {
    readonly outgoing?: Stage<Outbound>;
    readonly incoming?: Stage<Message>;
  };
}

const directions = ['outgoing', 'incoming'] as const;

/** What is expected of the option where it is not that; undefined if it is. */
export function checkStages(value: unknown): string | undefined {
  const expected =
    'an object with outgoing and incoming, functions or lists of them, form, and messages with outgoing and incoming';
  if (typeof value !== 'object' || value === null) return expected;
  const { messages = {}, form, ...frames } = value as Stages;
  const fits = (stages: object): boolean =>
    Object.entries(stages).every(
      ([name, stage]) =>
        (directions as readonly string[]).includes(name) &&
        [stage as unknown].flat().every((one) => one === undefined || typeof one === 'function'),
    );
  const good = typeof messages === 'object' && messages !== null && fits(frames) && fits(messages);
  return good && (form === undefined || form === 'text' || form === 'bytes') ? undefined : expected;
}

/** A codec with stages around it; the codec itself if there are none. */
export function staged(codec: Codec, stages: Stages | undefined): Codec {
  if (stages === undefined) return codec;
  const { form, messages = {} } = stages;
  const written = oneOf(messages.outgoing);
  const read = oneOf(messages.incoming);
  const leaves = frameStage(stages.outgoing, form);
  const comes = frameStage(stages.incoming, form && codec.form);
  const encode = (message: Outbound): Frame => leaves(codec.encode(written(message)));
  const decode: Codec['decode'] = (frame, give, packed) =>
    codec.decode(comes(frame), messages.incoming === undefined ? give : (message) => give(read(message)), packed);
  if (form === undefined) return { ...traitsOf(codec), encode, decode };
  const { framing: _, join: __, ...traits } = traitsOf(codec);
  return { ...traits, form, framing: framingOf(codec, form), encode, decode };
}

/** One that carries whatever the stages make. */
function framingOf({ framing }: Codec, form: 'text' | 'bytes'): FramingName {
  if (framing === 'headers' || framing === 'length') return framing;
  if (form === 'bytes') return 'length';
  return framing === 'nul' ? 'nul' : 'lines';
}

/** All of a codec that stages leave as it is, of whatever class it is. */
function traitsOf(codec: Codec): Omit<Codec, 'encode' | 'decode'> {
  const { name, form, framing, natives, hello, words, answersUnreadable, answersCancelled } = codec;
  return {
    name,
    form,
    hello,
    answersUnreadable,
    ...(framing !== undefined && { framing }),
    ...(natives !== undefined && { natives }),
    ...(words !== undefined && { words }),
    ...(answersCancelled !== undefined && { answersCancelled }),
    ...(codec.join !== undefined && { join: (frames: readonly Frame[]) => codec.join?.(frames) as Frame }),
  };
}

/** Several stages as one. */
function oneOf<T>(stage: Stage<T> = []): (item: T) => T {
  const stages = [stage].flat() as readonly ((item: T) => T | undefined)[];
  return (item) => {
    let now = item;
    for (const each of stages) now = each(now) ?? now;
    return now;
  };
}

/** Stages of frames, whose form afterwards is known; undefined for those that look on. */
function frameStage(stage: Stage<Frame> | undefined, form: Form | undefined): (frame: Frame) => Frame {
  const all = oneOf(stage);
  return (frame) => {
    const given = all(frame);
    if (given === frame && form === undefined) return frame;
    if (form === undefined)
      throw new UsageError('a stage gave another frame: say by the option form of stages what the frames are then');
    if (formOf(given) === form) return given;
    throw new UsageError(`the stages gave ${formOf(given)} where ${form} was expected`);
  };
}

function formOf(frame: Frame): Form {
  if (typeof frame === 'string') return 'text';
  return frame instanceof Uint8Array ? 'bytes' : 'values';
}
