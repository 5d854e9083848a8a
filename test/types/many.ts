import {
  type Fulfilled,
  type Gathered,
  type Gathering,
  type Group,
  outgoing,
  type Peer,
  type Receivers,
  type Rejected,
  RemoteAPI,
  type Reply,
  type Sender,
  type Several,
  type Side,
  type Topic,
  topic,
} from 'obverse';
import type { Equal, Expect } from './equal.js';
import type { Chat } from './spec.js';

type Here = Side<Chat>;

export type Results = [
  Expect<Equal<Gathered<number>, Fulfilled<number> | Rejected>>,
  Expect<Equal<Awaited<Gathering<number>>, Gathered<number>[]>>,
  Expect<Equal<Awaited<ReturnType<Gathering<number>['first']>>, number>>,
  Expect<Equal<Awaited<ReturnType<Gathering<number>['quorum']>>, Fulfilled<number>[]>>,
  Expect<Equal<ReturnType<Here['group']>, Group>>,
  Expect<Equal<Here['everyone'], Several>>,
];

/** As in the pages: the types are inferred. */
export async function use(here: Here, peer: Peer, sender: Sender): Promise<void> {
  const room = here.group('room-1', { slow: 'drop-oldest', keep: 5, slowBytes: 1_000 });
  room.add(sender, peer, 'an id').remove('an id');
  const crowds: Several[] = [room, here.everyone, here.everyone.except(sender), room.except(peer, 'an id')];
  for (const crowd of crowds) {
    here.hello(crowd, { who: 'x' });
    here.to(crowd, { slow: 'drop-newest' }).hello({ who: 'x' });
    const sum: number = await here.add(crowd, 1);
    for (const { id } of crowd) here.gather(crowd, { timeout: (one) => (one.id === id ? sum : undefined) });
  }
  const gathering = here.gather(room, { timeout: 5 }).add(1, 2);
  for await (const one of gathering) if (one.status === 'fulfilled') one.value.toFixed();
  const first: number = await gathering.first();
  const values: number[] = (await gathering.quorum(first)).map(({ value }) => value);
  values.push(...(await gathering).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
}

export async function toTopics(here: Here, news: Topic): Promise<void> {
  here.hello(news, { who: 'x' });
  here.to(topic('news.sport'), { metadata: { from: 'desk' } }).hello({ who: 'x' });
  const end: () => Promise<void> = await here.subscribe('news.*');
  await end();
  await here.flush();
  here.to(null, { delivery: { key: 'a', delay: 1, priority: 2, attempts: 3 } }).hello({ who: 'x' });
  here.to(null, { delivery: { key: undefined } });
  // @ts-expect-error there is no such option
  here.to(null, { delivery: { kee: 'a' } });
  // @ts-expect-error a key is a text
  here.with({ delivery: { key: 1 } });
  // @ts-expect-error an object with a name is not a topic
  here.hello({ name: 'news' }, { who: 'x' });
  // @ts-expect-error a topic cannot be in a list
  here.hello([news], { who: 'x' });
  // @ts-expect-error a topic has a name
  here.subscribe();
}

/** A group is not a list of receivers, and cannot be in a list; nor can anything else that looks like one. */
export function wrong(here: Here, room: Group): void {
  // @ts-expect-error a set is not a group
  here.hello(new Set<Peer>(), { who: 'x' });
  // @ts-expect-error a group cannot be in a list
  here.hello([room], { who: 'x' });
  // @ts-expect-error there is no such policy
  here.group('a', { slow: 'drop' });
  // @ts-expect-error only requests can be gathered
  here.gather(room, { noReply: true });
  // @ts-expect-error the same
  here.gather(room, { slow: 'close' });
}

export class Direct extends RemoteAPI {
  @outgoing({ hasReply: true }) ask(_to: Receivers): Reply<number> {}
  // @ts-expect-error the receivers of an outgoing method must accept all kinds
  @outgoing tell(_to: Group): void {}
}
