import { expect, it } from 'vitest';
import { MessageNumbers, type Progress } from '../../src/extensions/resume/message-numbers.js';
import { MESSAGE_BYTES } from '../../src/session/journal.js';
import { Random } from '../../src/testing/random.js';

const WINDOW = 64 * 1024;

/** Mistakes that an end can make, put in on purpose: the schedules must find each of them. */
const BUGS = [
  'resends everything',
  'forgets what it sends',
  'takes late frames',
  'counts a message twice',
  'skips a message',
  'has no window',
  'never acknowledges',
] as const;
type Bug = (typeof BUGS)[number];

type Packet = { readonly n: number; readonly text: string } | Progress;

/** A way that keeps the order and loses nothing, until it is cut: then the rest of what is on it is lost. */
class Way {
  readonly to: [Packet[], Packet[]] = [[], []];
  cut = false;
}

/** One end: a queue, the numbers, and what has come. */
class End {
  readonly numbers = new MessageNumbers(WINDOW, WINDOW);
  readonly waiting: string[] = [];
  readonly came: number[] = [];
  way: Way | undefined;
  private given = 0;
  said = 0;

  constructor(
    private readonly at: 0 | 1,
    private readonly bug: Bug | undefined,
  ) {}

  say(text: string): void {
    this.waiting.push(text);
    this.said++;
    this.flush();
  }

  flush(): void {
    const { way, numbers, waiting } = this;
    while (way !== undefined && waiting.length > 0 && (numbers.admits(0) || this.bug === 'has no window')) {
      const text = waiting.shift() as string;
      numbers.given([text]);
      if (this.bug === 'forgets what it sends') numbers.forget(numbers.sent);
      this.put({ n: ++this.given, text });
    }
    if (numbers.keptBytes > WINDOW + 8 * 1024 + MESSAGE_BYTES) throw new Error('more is kept than the window allows');
  }

  private put(packet: Packet): void {
    this.way?.to[1 - this.at]?.push(packet);
  }

  hear(packet: Packet): void {
    const { numbers, bug } = this;
    if ('got' in packet) {
      numbers.compare(packet, true);
      numbers.forget(packet.got);
      this.flush();
      return;
    }
    if (packet.n !== (this.came.at(-1) ?? 0) + 1)
      throw new Error(`message ${packet.n} comes after ${this.came.at(-1) ?? 0}`);
    this.came.push(packet.n);
    if (bug === 'skips a message' && packet.n % 10 === 0) return;
    const isDue = numbers.came(packet.text.length) && numbers.checkDue();
    if (bug === 'counts a message twice' && packet.n % 10 === 0) numbers.came(0);
    if (isDue && bug !== 'never acknowledges') this.acknowledge();
  }

  acknowledge(): void {
    const { got, sent } = this.numbers;
    this.numbers.reported();
    this.put({ got, sent });
  }

  attach(way: Way, { got, sent }: Progress): void {
    const { numbers } = this;
    numbers.compare({ got, sent }, false);
    if (this.bug !== 'resends everything') numbers.forget(got);
    const again = numbers.kept();
    this.way = way;
    let n = this.given - again.length;
    for (const text of again) this.put({ n: ++n, text: text as string });
    numbers.reported();
    this.flush();
  }
}

/** Runs one schedule: nothing is lost, nothing comes twice or out of order, and both ends come to rest. */
function run(seed: number, bug?: Bug): void {
  const random = new Random(seed);
  const ends = [new End(0, bug), new End(1, bug)] as const;
  const ways: Way[] = [];
  const connect = (): void => {
    const [near, far] = ends;
    const way = new Way();
    ways.push(way);
    // Both say how far they are before either sends again.
    const said = ends.map(({ numbers: { got, sent } }) => ({ got, sent })) as [Progress, Progress];
    near.attach(way, said[1]);
    far.attach(way, said[0]);
  };
  const deliver = (way: Way, at: 0 | 1): void => {
    const packet = way.to[at].shift();
    if (packet !== undefined && (ends[at].way === way || bug === 'takes late frames')) ends[at].hear(packet);
  };
  const cut = (way: Way | undefined): void => {
    if (way === undefined) return;
    way.cut = true;
    for (const queue of way.to) queue.length = random.int(0, queue.length);
    // Either end may notice later: what it says meanwhile is lost.
    for (const end of ends) if (end.way === way) end.way = undefined;
  };
  connect();
  for (let step = 0; step < 400; step++) {
    const at = random.of([0, 1] as const);
    const chance = random.next();
    if (chance < 0.35) ends[at].say('x'.repeat(random.int(0, 8 * 1024)));
    else if (chance < 0.9) deliver(random.of(ways as [Way, ...Way[]]), at);
    else if (chance < 0.95) cut(ends[0].way);
    else if (ends[0].way === undefined) connect();
  }
  if (ends[0].way === undefined) connect();
  for (let moved = true; moved; ) {
    moved = false;
    for (const way of ways)
      for (const at of [0, 1] as const)
        while (way.to[at].length > 0) {
          moved = true;
          deliver(way, at);
        }
  }
  for (const [at, end] of ends.entries()) {
    const other = ends[1 - at] as End;
    if (end.waiting.length > 0) throw new Error('something waits for ever');
    if (other.came.length !== end.said) throw new Error(`${end.said} messages were said, ${other.came.length} came`);
  }
}

it('loses nothing, doubles nothing and keeps the order, however links are cut', () => {
  for (let seed = 1; seed <= 1_000; seed++) run(seed);
});

it.each(BUGS)('finds an end that %s', (bug) => {
  let found: unknown;
  for (let seed = 1; seed <= 200 && found === undefined; seed++) {
    try {
      run(seed, bug);
    } catch (error) {
      found = error;
    }
  }
  expect(found).toBeInstanceOf(Error);
});

it('acknowledges a quarter of the window of the peer, and 16 KiB at least; a message weighs 64 bytes more', () => {
  const due = (window: number, bytes: number): number => {
    const numbers = new MessageNumbers(WINDOW, window);
    for (let n = 1; ; n++) if (numbers.came(bytes) && numbers.checkDue()) return n;
  };
  expect(due(1024 * 1024, 0)).toBe((256 * 1024) / 64);
  expect(due(1024 * 1024, 1024 - 64)).toBe(256);
  expect(due(1_000, 1024 - 64)).toBe(16);
});

it('forgets what is acknowledged within a group of messages, and keeps the rest in order', () => {
  const numbers = new MessageNumbers(WINDOW, WINDOW);
  numbers.given(['a', 'b', 'c']);
  numbers.given(['d', 'e']);
  numbers.forget(2);
  expect([numbers.acked, numbers.sent, numbers.kept()]).toEqual([2, 5, ['c', 'd', 'e']]);
  numbers.forget(4);
  expect([numbers.acked, numbers.sent, numbers.kept(), numbers.keptBytes]).toEqual([4, 5, ['e'], 65]);
  numbers.given(['f']);
  expect(numbers.kept()).toEqual(['e', 'f']);
  numbers.forget(6);
  expect([numbers.keptBytes, numbers.kept()]).toEqual([0, []]);
});

it('refuses a peer that claims to have got more than was sent, less than before, or that counts otherwise', () => {
  const numbers = new MessageNumbers(WINDOW, WINDOW);
  numbers.given(['a', 'b', 'c']);
  numbers.came(1);
  numbers.forget(1);
  for (const [got, sent, inOrder] of [
    [4, 1, true],
    [0, 1, true],
    [2, 0, true],
    [2, 2, true],
    [2, 0, false],
  ] as const)
    expect(() => numbers.compare({ got, sent }, inOrder)).toThrow('the two ends count their messages differently');
  numbers.compare({ got: 3, sent: 1 }, true);
  // On its way from one connection to another, what was sent may not have come.
  numbers.compare({ got: 1, sent: 9 }, false);
});
