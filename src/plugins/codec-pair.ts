import type { Codec, Frame, Framing, FramingFactory } from '../contract/contract.js';
import { Code, ProtocolError, UsageError } from '../contract/errors.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const asBytes = (frame: Frame): Frame => (typeof frame === 'string' ? encoder.encode(frame) : frame);
const asText = (frame: Frame): Frame => (frame instanceof Uint8Array ? decoder.decode(frame) : frame);

/**
 * One codec made of two: it reads what `incoming` reads, and writes what `outgoing` writes. The other side has the same
 * two in the opposite order.
 *
 * If one of them makes text and the other bytes, the pair makes bytes, and text is sent as UTF-8. On a byte stream each
 * direction has the framing of its own codec. The pair sends hello if both do; its name is the same for both sides, so
 * that handshakes which compare it succeed. Rejects with a UsageError if only one of the two passes values, or makes frames of several parts.
 */
export async function codecPair(incoming: Codec, outgoing: Codec): Promise<Codec> {
  mustHaveSameParts(incoming, outgoing);
  const { form, readsText, writesText } = formOf(incoming, outgoing);
  const framing = await framingOf(incoming, outgoing);
  const http = incoming.http ?? outgoing.http;
  return {
    name: [...new Set([incoming.name, outgoing.name])].sort().join('+'),
    form,
    ...(framing !== undefined && { framing }),
    hello: incoming.hello && outgoing.hello,
    // What the other codec carries natively is read in any case, with or without a tag.
    ...(outgoing.natives !== undefined && { natives: outgoing.natives }),
    ...(outgoing.words !== undefined && { words: outgoing.words }),
    // A dialect of one direction has its headers in both, and its meaning of GET.
    ...(http !== undefined && { http }),
    ...(incoming.parts !== undefined && { parts: incoming.parts }),
    // Such an answer is written by one of the two codecs, and is needed if the other one may misread messages.
    answersUnreadable: incoming.answersUnreadable && outgoing.answersUnreadable,
    answersCancelled: incoming.answersCancelled !== false && outgoing.answersCancelled !== false,
    encode: writesText ? (message) => asBytes(outgoing.encode(message)) : (message) => outgoing.encode(message),
    decode: readsText
      ? (frame, give, packed) => incoming.decode(asText(frame), give, packed)
      : (frame, give, packed) => incoming.decode(frame, give, packed),
    // What one codec joins, the same codec reads on the other side.
    ...joinOf(outgoing, writesText),
  };
}

/** The form of a pair, and in which direction text is sent as bytes. */
function formOf(incoming: Codec, outgoing: Codec): Pick<Codec, 'form'> & { readsText: boolean; writesText: boolean } {
  if (incoming.form === outgoing.form) return { form: incoming.form, readsText: false, writesText: false };
  if (incoming.form === 'values' || outgoing.form === 'values') {
    const [values, other] = incoming.form === 'values' ? [incoming, outgoing] : [outgoing, incoming];
    throw new UsageError(
      `the codec "${values.name}" passes values, and "${other.name}" makes ${other.form}; a pair needs two codecs of text or bytes`,
    );
  }
  return { form: 'bytes', readsText: incoming.form === 'text', writesText: outgoing.form === 'text' };
}

/** A transport cuts the frames of both directions into parts, or neither. */
function mustHaveSameParts(incoming: Codec, outgoing: Codec): void {
  if (incoming.parts === outgoing.parts) return;
  const [parted, other] = incoming.parts === undefined ? [outgoing, incoming] : [incoming, outgoing];
  throw new UsageError(
    `the frames of the codec "${parted.name}" consist of several parts, and those of "${other.name}" do not; a pair needs two codecs that are alike in this`,
  );
}

function joinOf(outgoing: Codec, writesText: boolean): Pick<Codec, 'join'> {
  const { join } = outgoing;
  if (join === undefined) return {};
  return { join: writesText ? (frames) => asBytes(join(frames.map(asText))) : join };
}

/** Its framing: the one that both prefer, or one for each direction. */
async function framingOf(incoming: Codec, outgoing: Codec): Promise<Codec['framing']> {
  if (incoming.framing === outgoing.framing) return incoming.framing;
  // Without Buffer there are no byte streams either.
  if (incoming.form === 'values' || typeof Buffer === 'undefined') return undefined;
  const { framingFor } = await import('../contract/framing/framings.js');
  const own = ({ form, framing }: Codec): PairedFraming => ({
    text: form === 'text',
    make: framingFor(undefined, { form, framing }),
  });
  const [read, written] = [own(incoming), own(outgoing)];
  return (form, limit, single) => new FramingPair(read, written, form === 'bytes', limit, single);
}

/** The parts of one of the two codecs: whether it makes text, and its framing. */
interface PairedFraming {
  readonly text: boolean;
  readonly make: FramingFactory;
}

/** Splits incoming data as one codec requires, and delimits outgoing data as the other does. */
class FramingPair implements Framing {
  private readonly read: Framing;
  private readonly written: Framing;
  /** Whether text is passed on as bytes, or arrives as bytes. */
  private readonly readsText: boolean;
  private readonly writesText: boolean;
  private begun = false;

  constructor(read: PairedFraming, written: PairedFraming, bytes: boolean, limit: number, single: boolean | undefined) {
    this.read = read.make(read.text ? 'text' : 'bytes', limit, single);
    this.written = written.make(written.text ? 'text' : 'bytes', limit);
    this.readsText = read.text && bytes;
    this.writesText = written.text && bytes;
  }

  get held(): number {
    return this.read.held ?? 0;
  }

  wrap(frames: readonly Frame[]): string | Uint8Array {
    return this.written.wrap(this.writesText ? frames.map(asText) : frames);
  }

  push(chunk: Uint8Array, give: (frame: Frame) => void): void {
    if (!this.begun && this.readsText && chunk.length > 0) this.begin(chunk[0] as number);
    this.read.push(chunk, this.readsText ? (frame) => give(asBytes(frame)) : give);
  }

  end(give: (frame: Frame) => void): void {
    this.read.end(this.readsText ? (frame) => give(asBytes(frame)) : give);
  }

  /**
   * A side with the same codecs in the same order, or with the binary one alone, would wait forever: no text from it
   * ever ends.
   */
  private begin(first: number): void {
    this.begun = true;
    if ((first & 0xc0) === 0x80)
      throw new ProtocolError(
        'expected text, but bytes arrived: the other side must have the same two codecs in the opposite order',
        Code.ParseError,
      );
  }
}
