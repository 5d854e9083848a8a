import type { Stage, Stages } from '../contract/codec-stages.js';
import type { Codec, Form, Frame, FramingName, Outbound } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';

/** A codec with stages around it. */
export function staged(codec: Codec, stages: Stages): Codec {
  const { form, messages = {} } = stages;
  const written = oneOf(messages.outgoing);
  const read = oneOf(messages.incoming);
  const leaves = frameStage(stages.outgoing, form);
  const comes = frameStage(stages.incoming, form && codec.form);
  const encode = (message: Outbound): Frame => leaves(codec.encode(written(message)));
  const decode: Codec['decode'] = (frame, give, packed) =>
    codec.decode(comes(frame), messages.incoming === undefined ? give : (message) => give(read(message)), packed);
  // What stages make of a frame of several parts is one part, and no body that the rules of a dialect could be read from.
  const { parts, http } = codec;
  if (form === undefined)
    return {
      ...traitsOf(codec),
      ...(parts !== undefined && { parts }),
      ...(http !== undefined && { http }),
      encode,
      decode,
    };
  const { framing: _, join: __, ...traits } = traitsOf(codec);
  return { ...traits, form, framing: framingOf(codec, form), encode, decode };
}

/** A codec that carries whatever the stages make. */
function framingOf({ framing }: Codec, form: 'text' | 'bytes'): FramingName {
  if (framing === 'headers' || framing === 'length') return framing;
  if (form === 'bytes') return 'length';
  return framing === 'nul' ? 'nul' : 'lines';
}

/** The members of a codec that stages do not change, whatever its class. */
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

/** Stages for frames with a known output form; undefined for stages that only observe. */
function frameStage(stage: Stage<Frame> | undefined, form: Form | undefined): (frame: Frame) => Frame {
  const all = oneOf(stage);
  return (frame) => {
    const given = all(frame);
    if (given === frame && form === undefined) return frame;
    if (form === undefined)
      throw new UsageError(
        'a stage returned another frame; set the option "form" of the stages to the form of its frames',
      );
    if (formOf(given) === form) return given;
    throw new UsageError(
      `the stages returned ${formOf(given)}; expected ${form}, as their option "form" or their codec specifies`,
    );
  };
}

function formOf(frame: Frame): Form {
  if (typeof frame === 'string') return 'text';
  return frame instanceof Uint8Array ? 'bytes' : 'values';
}
