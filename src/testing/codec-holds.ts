import { strict as assert } from 'node:assert';
import type { Batch, Codec, Frame, Outbound } from '../contract/contract.js';
import { callOf, carries, decodeAll, same, travelled } from './codec-probe.js';
import type { CodecSubject } from './codec-subject.js';
import { withRandom } from './random.js';

const several: readonly Outbound[] = [
  callOf({ id: 1, named: true, args: [{ a: 1 }] }),
  callOf({ id: undefined, method: 'say', named: true, args: [{ text: 'hello' }] }),
  { kind: 'reply', id: 2, value: ['well'] },
  callOf({ id: 3, method: 'sub', named: true, args: [{ b: 'two' }] }),
  { kind: 'fault', id: 4, error: { code: -32601, message: 'Method not found' } },
];

/** The guarantees about frames: who may change them, what they contain, and how several are joined. */
export function testHolds(it: (name: string, body: () => void) => void, subject: CodecSubject): void {
  it('has valid properties', () => {
    const codec = subject.make();
    assert.match(codec.name, /^[a-z][a-z0-9+.-]*$/);
    assert.ok(['text', 'bytes', 'values'].includes(codec.form), codec.form);
    if (codec.form === 'values') assert.equal(codec.framing, undefined, 'values have no framing');
    if (codec.form === 'bytes')
      assert.ok(!['lines', 'nul', 'json'].includes(codec.framing as string), 'these carry text');
    assert.equal(typeof codec.hello, 'boolean');
    assert.equal(typeof codec.answersUnreadable, 'boolean');
    assert.equal(formOf(codec.encode({ kind: 'reply', id: 1, value: 1 })), codec.form);
  });
  it('does not change what it encodes', () => {
    const codec = subject.make();
    const args = [{ text: 'hello', list: [1, { two: 2 }], none: undefined }];
    const message = callOf({ named: true, args });
    const before = structuredClone(message);
    codec.encode(message);
    assert.deepStrictEqual(message, before);
  });
  it('encodes the values at the time of the call', () => {
    const codec = subject.make();
    const args = { text: 'before', list: [1] };
    const frame = codec.encode(callOf({ named: true, args: [args] }));
    if (codec.form === 'values') return;
    args.text = 'after';
    args.list.push(2);
    same(decodeAll(codec, travelled(frame))[0], callOf({ named: true, args: [{ text: 'before', list: [1] }] }));
  });
  it('does not change a frame later', () => {
    const codec = subject.make();
    const frames = several.map((message) => codec.encode(message));
    for (let more = 0; more < 1_000; more++) codec.encode({ kind: 'reply', id: more, value: 'x'.repeat(more) });
    for (const [at, message] of several.entries()) same(decodeAll(codec, travelled(frames[at] as Frame))[0], message);
  });
  it('decodes a frame a second time', () => {
    const codec = subject.make();
    const frame = travelled(codec.encode(several[0] as Outbound));
    same(decodeAll(codec, frame)[0], several[0] as Outbound);
    same(decodeAll(codec, frame)[0], several[0] as Outbound);
  });
  it('decodes to values that later changes of the frame do not affect', () => {
    const codec = subject.make();
    const value = ['text', { a: 'b' }, ...(subject.values ?? [])];
    const frame = travelled(codec.encode({ kind: 'reply', id: 1, value }));
    const given = decodeAll(codec, frame);
    if (frame instanceof Uint8Array) new Uint8Array(frame.buffer).fill(0xff);
    same(given[0], { kind: 'reply', id: 1, value });
  });
  it('encodes further messages after a failure', () => {
    const codec = subject.make();
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const value = Object.hasOwn(subject, 'unencodable') ? subject.unencodable : cycle;
    assert.throws(() => codec.encode({ kind: 'reply', id: 1, value }));
    assert.throws(() => codec.encode(callOf({ named: true, args: [{ first: 1, value }] })));
    assert.throws(() => codec.encode({ kind: 'fault', id: 1, error: { code: 1, message: '', data: value } }));
    for (const message of several) carries(codec, message);
  });
  it('writes no delimiters of framings', () => {
    const codec = subject.make();
    if (codec.form !== 'text' || (codec.framing !== 'lines' && codec.framing !== 'nul')) return;
    const delimiter = codec.framing === 'lines' ? '\n' : '\0';
    withRandom(500, (random) => {
      const text = `${random.text(5)}\n\0\r\n${random.text(5)}`;
      for (const message of [
        callOf({ id: text, named: true, args: [{ [text]: text }] }),
        { kind: 'reply', id: 1, value: { [text]: random.value(), text } },
        { kind: 'fault', id: 1, error: { code: 1, message: text, data: text } },
        callOf({ method: text }),
      ] as const) {
        const frame = encodable(codec, message);
        if (frame !== undefined) assert.ok(!(frame as string).includes(delimiter), JSON.stringify(frame));
      }
    });
  });
  it('joins the messages of a turn, in order and without a batch', () => {
    const codec = subject.make();
    if (codec.join === undefined) return;
    for (const messages of [several, several.slice(0, 1)]) {
      const joined = codec.join(messages.map((message) => codec.encode(message)));
      assert.equal(formOf(joined), codec.form);
      const given = decodeAll(codec, travelled(joined), true);
      assert.equal(given.length, messages.length);
      for (const [at, message] of messages.entries()) same(given[at], message);
      for (const message of given) if (message.kind === 'call') assert.equal(message.batch, undefined);
    }
  });
  it('reads joined frames of a peer that is not Obverse as one batch, or as none', () => {
    const codec = subject.make();
    if (codec.join === undefined) return;
    const given = decodeAll(codec, travelled(codec.join(several.map((message) => codec.encode(message)))));
    for (const [at, message] of several.entries()) same(given[at], message);
    const batches = new Set<Batch | undefined>();
    for (const message of given) if (message.kind === 'call' && message.id !== undefined) batches.add(message.batch);
    assert.equal(batches.size, 1, 'all calls are in one batch, or none is');
    const [batch] = batches;
    if (batch !== undefined) assert.deepStrictEqual(batch, { left: 2, answers: [] });
  });
}

function formOf(frame: Frame): string {
  return typeof frame === 'string' ? 'text' : frame instanceof Uint8Array ? 'bytes' : 'values';
}

function encodable(codec: Codec, message: Outbound): Frame | undefined {
  try {
    return codec.encode(message);
  } catch {
    return undefined;
  }
}
