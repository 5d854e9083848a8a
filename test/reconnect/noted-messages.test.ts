import { expect, it } from 'vitest';
import { HEADERS, NOTIFICATION, NotedMessages } from '../../src/session/sending/noted-messages.js';
import { Random } from '../../src/testing/random.js';

it('notes what a list would note, whatever is forgotten or not sent', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed);
    const noted = new NotedMessages();
    // What each message is, by its number; the first one is 1.
    let kinds: number[] = [0];
    let forgotten = 0;
    for (let step = 0; step < 100; step++) {
      const what = random.int(0, 12);
      if (what < 6) {
        kinds.push(NOTIFICATION);
        noted.add(kinds.length - 1, NOTIFICATION);
      } else if (what < 8) {
        kinds.push(0, HEADERS | NOTIFICATION);
        noted.add(kinds.length - 1, HEADERS);
        noted.add(kinds.length - 1, NOTIFICATION);
      } else if (what < 9) {
        kinds.push(0, HEADERS);
        noted.add(kinds.length - 1, HEADERS);
      } else if (what < 11) kinds.push(0);
      else if (what < 12) {
        forgotten = random.int(forgotten, kinds.length - 1);
        noted.forget(forgotten);
      } else {
        const gone = new Set(
          Array.from({ length: random.int(0, 3) }, () =>
            random.int(forgotten + 1, Math.max(forgotten + 1, kinds.length - 1)),
          ),
        );
        noted.moveUp((place) => [...gone].filter((each) => each < place).length);
        kinds = kinds.filter((_kind, place) => !gone.has(place));
      }
      for (let place = forgotten + 1; place < kinds.length; place++) expect(noted.kindOf(place)).toBe(kinds[place]);
      expect(noted.kindOf(kinds.length)).toBe(0);
    }
  }
});

it('notes notifications that follow each other as one run', () => {
  const noted = new NotedMessages();
  let isLong = false;
  for (let place = 1; place <= 100_000; place++) isLong ||= noted.add(place, NOTIFICATION);
  expect(isLong).toBe(false);
  expect([noted.kindOf(1), noted.kindOf(50_000), noted.kindOf(100_000), noted.kindOf(100_001)]).toEqual([2, 2, 2, 0]);
});
