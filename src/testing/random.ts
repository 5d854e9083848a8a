/**
 * Random data for the suites, without a library: the same seed produces the same data, and a suite reports its seed
 * when it fails, so that the failure can be reproduced.
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number from 0 to 1, without 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let bits = this.state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of several. */
  of<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  /** Up to `most` bytes. */
  bytes(most: number): Uint8Array {
    return Uint8Array.from({ length: this.int(0, most) }, () => this.int(0, 255));
  }

  /**
   * Up to `most` characters of every kind: of one to four bytes in UTF-8, and characters that a codec may have to
   * escape.
   */
  text(most: number): string {
    let text = '';
    for (let left = this.int(0, most); left > 0; left--) text += this.of(characters)(this);
    return text;
  }

  /** A JSON value, nested up to `depth`. No key is `__proto__`, and no number is -0. */
  value(depth = 3): unknown {
    return this.of(depth > 0 ? [...leaves, list, record, list, record] : leaves)(this, depth - 1);
  }
}

const characters: readonly [(random: Random) => string, ...((random: Random) => string)[]] = [
  (random) => String.fromCharCode(random.int(32, 126)),
  (random) => String.fromCharCode(random.int(97, 122)),
  (random) => String.fromCharCode(random.int(0, 31)),
  (random) => random.of(['"', '\\', '\n', '\r', '\0', '\u2028', '\u2029', '\u007f', ' ', ':', '[', ']', '{', '}']),
  (random) => String.fromCharCode(random.int(0xa0, 0x7ff)),
  (random) => String.fromCharCode(random.int(0x800, 0xd7ff)),
  (random) => String.fromCodePoint(random.int(0x10000, 0x10ffff)),
];

type Leaf = (random: Random, depth: number) => unknown;

const leaves: readonly [Leaf, ...Leaf[]] = [
  () => null,
  (random) => random.next() < 0.5,
  (random) => random.int(-100, 100),
  (random) => random.int(-(2 ** 53) + 1, 2 ** 53 - 1),
  (random) => random.next() * 10 ** random.int(-300, 300),
  (random) => random.text(20),
  (random) => random.text(3),
];

const list: Leaf = (random, depth) => Array.from({ length: random.int(0, 4) }, () => random.value(depth));

const record: Leaf = (random, depth) => {
  const keys = Array.from({ length: random.int(0, 4) }, () => random.text(6)).filter((key) => key !== '__proto__');
  return Object.fromEntries(keys.map((key) => [key, random.value(depth)]));
};

/** Runs the body `runs` times with different random data. Its error is extended by the seed that reproduces it. */
export function withRandom(runs: number, body: (random: Random) => void, first = 1): void {
  for (let seed = first; seed < first + runs; seed++) {
    try {
      body(new Random(seed));
    } catch (cause) {
      throw new Error(`it fails with the seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  }
}
