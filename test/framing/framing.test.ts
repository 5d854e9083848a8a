import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Form, Frame, FramingFactory, FramingName } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { framingFor, headers, length, lines, nul } from '../../src/contract/framing/framings.js';
import { testFraming } from '../../src/testing/framing.js';

testFraming({ describe, it }, { name: 'lines', make: lines, form: 'text' });
testFraming({ describe, it }, { name: 'nul', make: nul, form: 'text' });
testFraming({ describe, it }, { name: 'headers', make: headers, form: 'text' });
testFraming({ describe, it }, { name: 'headers', make: headers, form: 'bytes' });
testFraming({ describe, it }, { name: 'length', make: length, form: 'text' });
testFraming({ describe, it }, { name: 'length', make: length, form: 'bytes' });

describe('however the stream is cut, the frames are the same', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  const given = (make: FramingFactory, form: 'text' | 'bytes', stream: Buffer, sizes: readonly number[]): Frame[] => {
    const framing = make(form, 1_000_000);
    const frames: Frame[] = [];
    let turn = 0;
    for (let at = 0; at < stream.length; ) {
      const to = at + (sizes[turn++ % sizes.length] as number);
      framing.push(Buffer.from(stream.subarray(at, to)), (frame) => frames.push(frame));
      at = to;
    }
    framing.end((frame) => frames.push(frame));
    return frames;
  };

  for (const [name, make, end] of [
    ['lines', lines, '\n'],
    ['nul', nul, '\0'],
  ] as const) {
    it(`${name}, with empty frames and a last one without an end`, () => {
      const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'a', 'ä', '漢\r字', '🙂', 'x\r', '\r'));
      fc.assert(
        fc.property(fc.array(piece), fc.string({ unit: 'grapheme' }), cuts, (pieces, last, sizes) => {
          // A message comes first: a stream that begins with something else may be recognized as that of another framing.
          const texts = ['{"id":1,"method":"ready"}', ...pieces, last];
          const clean = texts.map((text) => Buffer.from(text.replaceAll(end, '')).toString());
          const wanted = clean
            .map((text) => (end === '\n' ? text.replace(/\r$/, '') : text))
            .filter((text) => text !== '');
          expect(given(make, 'text', Buffer.from(clean.join(end)), sizes)).toEqual(wanted);
        }),
      );
    });
  }
  for (const [name, make] of [
    ['headers', headers],
    ['length', length],
  ] as const) {
    it(`${name}, with empty frames`, () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), cuts, (frames, sizes) => {
          const stream = Buffer.from(make('bytes', 100).wrap(frames) as Uint8Array);
          expect(given(make, 'bytes', stream, sizes).map((frame) => [...(frame as Uint8Array)])).toEqual(
            frames.map((frame) => [...frame]),
          );
        }),
      );
      fc.assert(
        fc.property(fc.array(fc.string({ unit: 'grapheme' })), cuts, (frames, sizes) => {
          const stream = Buffer.from(make('text', 1_000).wrap(frames) as string);
          expect(given(make, 'text', stream, sizes)).toEqual(frames);
        }),
      );
    });
  }
});

describe('framingFor', () => {
  const wire = (form: Form, framing?: FramingName | FramingFactory) => ({ form, framing });

  it('returns the requested framing, else the preferred one, else the one that carries everything', () => {
    expect(framingFor('nul', wire('text', 'lines'))).toBe(nul);
    expect(framingFor('headers', wire('bytes', 'length'))).toBe(headers);
    expect(framingFor(undefined, wire('text', 'lines'))).toBe(lines);
    expect(framingFor(undefined, wire('bytes'))).toBe(length);
  });

  it("returns the codec's own, also by the name self", () => {
    const own: FramingFactory = (form, limit) => length(form, limit);
    expect(framingFor(undefined, wire('bytes', own))).toBe(own);
    expect(framingFor('self', wire('bytes', own))).toBe(own);
    expect(framingFor('length', wire('bytes', own))).toBe(length);
    expect(() => framingFor('self', wire('text', 'lines'))).toThrow(
      new UsageError(
        'unknown framing "self"; there are lines, nul, headers, length, json (and self for a codec that has its own, as msgpack has)',
      ),
    );
    expect(() => framingFor('cobs', wire('bytes', own))).toThrow(
      new UsageError('unknown framing "cobs"; there are lines, nul, headers, length, json, self'),
    );
  });

  it('under a security, asks the one of the codec for each message by itself: one describes the next', () => {
    const asked: unknown[] = [];
    const own: FramingFactory = (form, limit, single) => {
      asked.push(single);
      return length(form, limit);
    };
    for (const sealed of [true, false]) framingFor(undefined, { ...wire('bytes', own), sealed })('bytes', 10);
    framingFor('self', { ...wire('bytes', own), sealed: true })('bytes', 10);
    expect(asked).toEqual([true, undefined, true]);
    expect(framingFor('length', { ...wire('bytes', own), sealed: true })).toBe(length);
  });

  it('refuses a name that is inherited by every object', () => {
    expect(() => framingFor('constructor', wire('text', 'lines'))).toThrow(UsageError);
  });

  it('refuses a framing that the codec cannot use', () => {
    expect(() => framingFor('lines', wire('bytes', 'length'))).toThrow(/"lines" carries text.*"length" carries both/);
    expect(() => framingFor('nul', wire('bytes', 'length'))).toThrow(UsageError);
    expect(() => framingFor(undefined, wire('bytes', 'nul'))).toThrow(UsageError);
    expect(() => lines('bytes', 10)).toThrow(UsageError);
    for (const asked of ['lines', 'length', undefined]) {
      expect(() => framingFor(asked, wire('values'))).toThrow(
        /needs a transport that carries values \(worker:, port:, memory:\)/,
      );
    }
  });
});
