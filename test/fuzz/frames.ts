import type { Codec, Frame, Outbound, Parcel } from '../../src/contract/contract.js';
import type { Random } from '../../src/testing/random.js';
import { arrayOf, damagedBytes, OddWriter } from './byte-frames.js';
import { hostileValue, mutated } from './hostile-values.js';
import { anyMessage } from './messages.js';
import { damagedText, jsonOf, writtenOddly } from './text-frames.js';

/** A frame for a codec: right, mutated by its structure, or damaged. */
export function anyFrame(codec: Codec, random: Random): Frame {
  if (codec.form === 'values') return anyParcel(codec, random);
  const frame = codec.form === 'text' ? anyText(codec, random) : anyBytes(codec, random);
  if (codec.join === undefined || random.next() < 0.9) return frame;
  return codec.join([frame, encoded(codec, random) ?? frame]);
}

function anyText(codec: Codec, random: Random): string {
  const way = random.next();
  if (way < 0.03) return random.next() < 0.5 ? random.text(60) : JSON.stringify(random.value());
  if (way < 0.3 || codec.name === 'terse') {
    const text = (encoded(codec, random) ?? '') as string;
    return random.next() < 0.5 ? text : damagedText(text, random);
  }
  const message = (): unknown => shaped(jsonOf(changed(random, false)), random, false);
  const value = random.next() < 0.1 ? [message(), message()] : message();
  const text = random.next() < 0.6 ? (JSON.stringify(value) ?? '') : writtenOddly(value, random);
  return random.next() < 0.1 ? damagedText(text, random) : text;
}

function anyBytes(codec: Codec, random: Random): Uint8Array {
  const way = random.next();
  if (way < 0.03) return random.bytes(60);
  if (way < 0.3) {
    const bytes = (encoded(codec, random) ?? random.bytes(10)) as Uint8Array;
    return random.next() < 0.5 ? bytes : damagedBytes(bytes, random);
  }
  const value = shaped(arrayOf(changed(random, true)), random, true);
  const bytes = new OddWriter(random, random.of([0, 0, 0.2, 1])).write(value).bytes;
  return random.next() < 0.1 ? damagedBytes(bytes, random) : bytes;
}

/** A message whose values are mutated: its form is right, so the session gets to see them. */
function changed(random: Random, rich: boolean): Outbound {
  const message = anyMessage(random);
  if (random.next() < 0.3) return message;
  if (message.kind === 'reply') return { ...message, value: mutated(message.value, random, rich) };
  if (message.kind === 'fault')
    return { ...message, error: { ...message.error, data: mutated(message.error.data, random, rich) } };
  const args = mutated(message.args, random, rich);
  return Array.isArray(args) ? { ...message, args } : message;
}

/** The form of a message, sometimes mutated. */
function shaped(form: unknown, random: Random, rich: boolean): unknown {
  return random.next() < 0.25 ? mutated(form, random, rich) : form;
}

/** What structured clone can bring; nothing else can arrive over a port. */
function anyParcel(codec: Codec, random: Random): Parcel {
  const made = encoded(codec, random, true) as Parcel | undefined;
  const values = made === undefined || random.next() < 0.05 ? [hostileValue(random, true)] : made.values;
  const form = shaped(values, random, true);
  const list = Array.isArray(form) ? form : [form];
  return { values: list.map(moreOf(random)), transfer: [], length: random.int(0, 1_000) };
}

const more: readonly (() => unknown)[] = [
  () => new Set([1]),
  () => /a+/g,
  () => new RangeError('far'),
  () => new ArrayBuffer(8),
  () => new Float64Array(2),
  () => new Array(1_500),
  () => {
    const list: unknown[] = [];
    list.push(list);
    return list;
  },
];

function moreOf(random: Random): (value: unknown) => unknown {
  return (value) => (random.next() < 0.03 ? (more[random.int(0, more.length - 1)] as () => unknown)() : value);
}

/** A message that the codec has encoded; undefined for one that it refuses. */
function encoded(codec: Codec, random: Random, rich = false): Frame | undefined {
  for (let tries = 0; tries < 3; tries++) {
    try {
      return codec.encode(random.next() < 0.5 ? anyMessage(random) : changed(random, rich));
    } catch {
      // Some values are not for this codec.
    }
  }
  return undefined;
}
