import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';

/** A connection that can end with pending calls in both directions. */
export class Hanging extends RemoteAPI {
  /** Never answers. */
  @incoming({ hasReply: true }) hang(sender: Sender): Reply<void> {}
  /** Answers when the call in the other direction is pending. */
  @incoming({ hasReply: true }) callBack(sender: Sender): Reply<void> {}
  /** Closes the side that receives it. */
  @incoming leave(sender: Sender): void {}
  /** Never answers. */
  @outgoing({ hasReply: true }) hangThere(receivers: Receivers): Reply<void> {}
}

/** How a call ended: the name of its error, or `answered`. */
export type Ended = string;

/** The other side: `report` receives how its own pending call ended. */
export function behave(side: Side<Hanging>, report: (ended: Ended) => void): void {
  side.hang.connect(() => new Promise(() => {}));
  side.callBack.connect(async (sender) => {
    const opened = new Promise<void>((resolve) => setImmediate(resolve));
    side.hangThere(sender).then(
      () => report('answered'),
      (error: Error) => report(error.name),
    );
    await opened;
  });
  side.leave.connect(() => void side.close());
}
