import { setTimeout } from 'node:timers/promises';
import type { Side } from 'obverse';
import { Orders } from './orders.js';
import { once } from './places.js';

/** What a process of the shop needs: where it serves, and where it passes on what it has done. */
export interface Role {
  readonly name: string;
  readonly serves: string;
  readonly writes: string;
  /** Reports that a step of an order begins, and that it is done. */
  step<T>(order: number, work: () => Promise<T>): Promise<T>;
}

/** Takes orders and stores them in the queue. */
export async function shop({ name, serves, writes, step }: Role): Promise<readonly Side<object>[]> {
  const queue = await Orders.invert().connect(writes);
  const shop = await Orders.serve(serves);
  shop.place.connect((_sender, order) =>
    step(order.number, async () => {
      queue.to(null, once(`order ${order.number}`, writes)).ship(order);
      await queue.flush(); // stored: from here on, nobody needs to remember the order
      return name;
    }),
  );
  return [shop, queue];
}

/** Packs the orders of the queue, and tells the subscribers. */
export async function worker({ name, serves, writes, step }: Role): Promise<readonly Side<object>[]> {
  const news = await Orders.invert().connect(writes);
  const worker = await Orders.serve(serves);
  worker.ship.connect((_sender, order) =>
    step(order.number, async () => {
      await setTimeout(50); // the work
      news.to(null, once(`parcel ${order.number}`, writes)).shipped({ ...order, by: name });
      await news.flush();
      // The handler returns: the order is done. If this process is killed before, another worker gets the order.
    }),
  );
  return [worker, news];
}

/** Hears of all parcels. */
export async function subscriber({ serves, step }: Role): Promise<readonly Side<object>[]> {
  const subscriber = await Orders.serve(serves);
  subscriber.shipped.connect((_sender, { number }) => step(number, () => setTimeout(5)));
  return [subscriber];
}
