import { describe, expect, it } from 'vitest';
import { utf8Text } from '../../src/contract/framing/text.js';

const LARGE = 2 ** 20;

describe('the text of large frames', () => {
  it.each([
    ['ASCII', 'x\u0000\u007f'],
    ['Latin-1', 'xä'],
    ['other letters', 'x€😀'],
  ])('is decoded as by Node: %s', (_what, letters) => {
    const text = letters.repeat(LARGE / letters.length + 1);
    const bytes = Buffer.from(text);
    expect(utf8Text(bytes) === text).toBe(true);
    expect(utf8Text(bytes, 0, 10)).toBe(bytes.toString('utf8', 0, 10));
    expect(utf8Text(bytes, 3) === bytes.toString('utf8', 3)).toBe(true);
  });

  it('has U+FFFD for invalid UTF-8, wherever it is', () => {
    for (const at of [0, LARGE / 2, LARGE - 1]) {
      const bytes = Buffer.alloc(LARGE, 'x');
      bytes[at] = 0xff;
      expect(utf8Text(bytes) === bytes.toString('utf8')).toBe(true);
      expect(utf8Text(bytes).charCodeAt(at)).toBe(0xfffd);
    }
  });
});
