import {
  type Far,
  type Inverted,
  incoming,
  type Kept,
  keep,
  outgoing,
  passed,
  type Receivers,
  type Remote,
  RemoteAPI,
  type Reply,
  reference,
  type Sender,
  type Side,
  type Stream,
} from 'obverse';
import type { Equal, Expect } from './equal.js';

class Counter extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ stream: true }) all(_sender: Sender): Stream<number> {}
  @outgoing changed(_to: Receivers): void {}
}

@reference
class Basket {
  #items: string[] = [];
  readonly size = 0;
  put(item: string): number {
    return this.#items.push(item);
  }
  async list(): Promise<string[]> {
    return this.#items;
  }
  clear(): void {}
  *each(): Generator<string> {
    yield* this.#items;
  }
  async *later(prefix: string): AsyncGenerator<string> {
    yield prefix;
  }
  _hidden(): void {}
  private own(): void {}
  twice(): void {
    this.own();
  }
}
// Without a decorator.
reference(class {});
reference(class extends Basket {});

/** Functions are written with the types that their owner and their caller share. */
type Step = (n: number) => Promise<number> | number;

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) count(_sender: Sender, _args: { to: number; step: Step }): Reply<number> {}
  @incoming({ hasReply: true }) each(_sender: Sender, _args: { step: Far<(n: number) => void> }): Reply<void> {}
  @incoming({ hasReply: true }) basket(_sender: Sender): Reply<Far<Basket>> {}
  @incoming({ hasReply: true }) fill(_sender: Sender, _args: { basket: Far<Basket> }): Reply<number> {}
  @incoming({ hasReply: true }) counting(
    _sender: Sender,
    _args: { counter: Remote<Inverted<Counter>> },
  ): Reply<number> {}
}

export function serve(work: Side<Work>): void {
  work.count.connect(async (_sender, { to, step }) => (await step(to)) + 1);
  work.each.connect(async (_sender, { step }) => {
    await step(1);
    using kept = keep(step);
    kept.release();
  });
  const mine = new Basket();
  work.basket.connect(() => mine);
  work.fill.connect(async (_sender, { basket }) => {
    for await (const item of basket.later('a')) await basket.put(item);
    // @ts-expect-error A field is not sent.
    basket.size;
    // @ts-expect-error Nor is a member that begins with an underscore.
    basket._hidden();
    // @ts-expect-error It may be a promise.
    const count: number = basket.put('b');
    return count;
  });
  work.counting.connect(async (_sender, { counter }) => {
    let sum = await counter.add({ n: 1 });
    for await (const n of counter.all()) sum += n;
    // @ts-expect-error Methods that the side itself calls do not exist.
    counter.changed();
    return sum;
  });
}

export async function call(work: Side<Inverted<Work>>, counter: Side<Counter>): Promise<void> {
  await work.count(null, { to: 1, step: (n) => n + 1 });
  await work.count(null, { to: 1, step: async (n) => n + 1 });
  // @ts-expect-error The step returns a number.
  await work.count(null, { to: 1, step: (n) => `${n}` });
  const basket = await work.basket(null);
  const count: number = await basket.put('a');
  await work.fill(null, { basket });
  await work.fill(null, { basket: new Basket() });
  await work.counting(null, { counter: passed(counter) });
  // @ts-expect-error Only a side is passed so.
  passed(basket);
  // @ts-expect-error A number is not a reference.
  keep(count);
  // @ts-expect-error This does not decorate a method of a class.
  reference(basket.put);
}

declare const counter: Side<Counter>;
declare const turned: Side<Inverted<Counter>>;
export type Read = [
  Expect<Equal<ReturnType<typeof passed<Counter>>, Remote<Inverted<Counter>>>>,
  Expect<Equal<keyof ReturnType<typeof inferred>, 'add' | 'all'>>,
  Expect<Equal<keyof ReturnType<typeof inferredTurned>, 'changed'>>,
  Expect<Equal<Far<(a: string) => Promise<number>>, (a: string) => number | Promise<number>>>,
  Expect<Equal<keyof Far<Basket>, 'put' | 'list' | 'clear' | 'each' | 'later' | 'twice'>>,
  Expect<Equal<ReturnType<Far<Basket>['list']>, string[] | Promise<string[]>>>,
  Expect<Equal<ReturnType<Far<Basket>['each']>, AsyncIterable<string> | Iterable<string>>>,
  Expect<Equal<ReturnType<typeof keep>, Kept>>,
];
const inferred = () => passed(counter);
const inferredTurned = () => passed(turned);
