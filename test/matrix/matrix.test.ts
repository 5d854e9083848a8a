import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { features, perform, type Way } from './features.js';
import { codecsOf, type Meeting, meetings, removeCompiled } from './meetings.js';

/*
 * Everything that a call can do, over every bidirectional link, with every codec that the link can use, and in both
 * directions: from the side that connects to the one that serves, and back.
 */

afterAll(removeCompiled);

const ways: Way[] = Object.keys(meetings).flatMap((link) => codecsOf(link).map((codec) => ({ link, codec })));

describe.each(ways)('$link with $codec', (way) => {
  let meeting: Meeting;
  beforeAll(async () => {
    meeting = await (meetings[way.link] as (way: Way) => Promise<Meeting>)(way);
  });
  afterAll(() => meeting.end());

  for (const [name, { missing }] of Object.entries(features)) {
    const why = missing?.(way);
    const title = why === undefined ? name : `${name} (n/a: ${why})`;
    it.skipIf(why !== undefined)(`there: ${title}`, async () => {
      expect(await perform(name, meeting.near.there, way)).toBe('done');
    });
    it.skipIf(why !== undefined)(`back: ${title}`, async () => {
      expect(await meeting.near.remote.perform({ feature: name })).toBe('done');
    });
  }
});
