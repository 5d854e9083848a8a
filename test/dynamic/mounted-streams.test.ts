import { expect, it } from 'vitest';
import { incoming, RemoteAPI, type Sender, type Stream } from '../../src/index.js';

class Clock extends RemoteAPI {
  @incoming({ stream: true }) ticks(_sender: Sender, _args: { count: number }): Stream<number> {
    throw new Error('the body is for the side that serves the stream');
  }
}
class Home extends RemoteAPI {}

it('a stream of the inverted spec that is mounted does not run the body of the other side', async () => {
  await using server = await Home.serve('memory:mounted-streams', { logger: null });
  await using client = await Home.invert().connect('memory:mounted-streams', { logger: null });
  client.setHandler('clock.ticks', function* () {
    yield* [1, 2];
  });
  const clock = server.mount('clock', Clock.invert());
  const seen: number[] = [];
  for await (const tick of clock.ticks(null, { count: 2 })) seen.push(tick);
  expect(seen).toEqual([1, 2]);
});
