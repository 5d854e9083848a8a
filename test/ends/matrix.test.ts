import { ConnectionLost } from 'obverse';
import { afterAll, describe, expect, it } from 'vitest';
import { allWays, meetings, removeCompiled, type Way } from './meetings.js';

/** Ways that a transport cannot detect: nothing shows that the other end has gone, and the call ends with its timeout. */
const unseen: Readonly<Record<string, readonly Way[]>> = { 'udp:': ['SIGKILL', 'close() there'] };
/** Whether nobody is left to report how the call of the other side ended. */
function silenced(name: string, way: Way): boolean {
  return way === 'SIGKILL' || way === 'terminate' || name === 'udp:' || (name.startsWith('process:') && way === 'FIN');
}

afterAll(removeCompiled);

describe.each(Object.entries(meetings))('over %s', (name, meet) => {
  it.for(allWays)('%s settles the calls of both sides', { timeout: 30_000 }, async (way, { skip }) => {
    const meeting = await meet();
    try {
      const end = meeting.ways[way];
      if (typeof end === 'string') skip(`n/a: ${end}`);
      const { here } = meeting;
      let left = 0;
      here.on('disconnect', () => left++);
      here.hangThere.connect(() => new Promise(() => {}));
      const blind = unseen[name]?.includes(way) === true;
      const open = here.to(null, blind ? { timeout: 500 } : {}).hang();
      const outcome = open.then(
        () => 'answered',
        (error: unknown) => error,
      );
      await here.remote.callBack();
      await (end as () => unknown)();
      const error = await outcome;
      if (blind) {
        expect(error).toMatchObject({ name: 'TimeoutError' });
        return;
      }
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(here.peers.size).toBe(0);
      expect(left).toBe(1);
      await expect(here.remote.hang()).rejects.toBeInstanceOf(ConnectionLost);
      if (!silenced(name, way)) expect(await meeting.ended).toBe('ConnectionLost');
    } finally {
      await meeting.cleanUp();
    }
  });
});
