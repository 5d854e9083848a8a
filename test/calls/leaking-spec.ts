import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
} from 'obverse';

export class Upstream extends RemoteAPI {
  /** Calls back, and returns the answer. */
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender): Stream<number> {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { n: number }): Reply<number> {}
}

/** Serves; `note` is called wherever code of the application runs. */
export function behave(side: Side<Upstream>, note: (where: string) => void): void {
  side.on('connect', () => note('connect at the side that serves'));
  side.on('disconnect', () => note('disconnect at the side that serves'));
  side.echo.connect(async (sender, { n }) => {
    note('a handler of the side that serves');
    return side.ask(sender, { n });
  });
  side.count.connect(function* () {
    for (let n = 0; n < 400; n++) {
      note('a stream of the side that serves');
      yield n;
    }
  });
}
