import {
  incoming,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from 'obverse';

/** A room. */
export class Room extends RemoteAPI {
  /** Enter the room. */
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { nick: string }): Reply<number> {}
  /** Somebody has left. */
  @outgoing left(_receivers: Receivers, _args: { nick: string }): void {}
}

/** A namespace without incoming methods. */
export class News extends RemoteAPI {
  @outgoing headline(_receivers: Receivers, _args: { text: string }): void {}
}

/** A namespace within a namespace. */
export class House extends RemoteAPI {
  readonly hall = namespace(Room);
  readonly attic = namespace(Room, { name: 'roof' });
}

export class Base extends RemoteAPI {
  @incoming({ hasReply: true }) ping(_sender: Sender): Reply<'pong'> {}
}

/** One of everything that a spec can declare. */
export class Chat extends Base {
  /** The room in front. */
  readonly room = namespace(Room);
  readonly news = namespace(News);
  readonly house = namespace(House);
  readonly longest = 100;
  protected readonly secret = 1;

  @incoming notify(_sender: Sender, _args: { text: string }): void {}
  @outgoing hello(_receivers: Receivers, _args: { who: string }): void {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
  @outgoing({ hasReply: true, params: ['a', 'b'] }) add(
    _receivers: Receivers,
    _a: number,
    _b?: number,
  ): Reply<number> {}
  @incoming({ allowPositionalArgs: true }) log(_sender: Sender, ..._lines: string[]): void {}
  @incoming({ hasReply: true }) forget(_sender: Sender, _args?: { all?: boolean }): Reply<void> {}
  @incoming({ stream: true }) ticks(_sender: Sender, _args: { n: number }): Stream<Date> {}
  @outgoing({ stream: true, params: ['from'] }) lines(_receivers: Receivers, _from: number): Stream<string> {}

  helper(text: string): string {
    return text.slice(0, this.longest);
  }
  check(_sender: Sender): boolean {
    return this.secret === 1;
  }
}
