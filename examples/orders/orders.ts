import { incoming, RemoteAPI, type Reply, type Sender } from 'obverse';

/** What a customer has ordered. */
export interface Order {
  readonly number: number;
  readonly article: string;
}

/** A shop, from the order to the parcel. The same class is served at three addresses, one for each of its methods. */
export class Orders extends RemoteAPI {
  /** A live service: a shop takes the order, and returns its name once the order is stored. To ask twice is harmless. */
  @incoming({ hasReply: true, idempotent: true }) place(_sender: Sender, _order: Order): Reply<string> {}
  /** A queue: one of the workers packs and ships the order, today or tomorrow. */
  @incoming ship(_sender: Sender, _order: Order): void {}
  /** A fan-out: every subscriber hears of every parcel. */
  @incoming shipped(_sender: Sender, _parcel: Order & { readonly by: string }): void {}
}
