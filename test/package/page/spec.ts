import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

/** What page, worker and server share. */
export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  /** Fails with an error of a registered class, or with another one. */
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { registered: boolean }): Reply<void> {}
  /** Calls the caller, and returns its answer. */
  @incoming({ hasReply: true }) askBack(_sender: Sender, _args: { question: string }): Reply<string> {}
  /** Never answers, but ends the connection. */
  @incoming({ hasReply: true }) hangUp(_sender: Sender): Reply<void> {}
  /** Never answers, but ends the worker, or the side in it. */
  @incoming({ hasReply: true }) quit(_sender: Sender, _args: { by: 'self.close()' | 'side.close()' }): Reply<void> {}
  /** The results of all of it. */
  @incoming report(_sender: Sender, _args: { results: unknown }): void {}

  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { question: string }): Reply<string> {}
  @outgoing told(_to: Receivers, _args: { text: string }): void {}
}

/**
 * An error that arrives as an instance of its class. It is identified by the name of its class, which a minifier
 * shortens unless it is set.
 */
export class Taken extends Error {
  static override readonly name = 'Taken';
  readonly code = 4_001;
}

/** Connects handlers for all methods of a side; a report goes to `reported`. */
export function answer(
  desk: Awaited<ReturnType<typeof Desk.serve<Desk>>>,
  reported?: (results: unknown) => void,
): void {
  desk.add.connect((_sender, { a, b }) => a + b);
  desk.echo.connect((_sender, { value }) => value);
  desk.fail.connect((_sender, { registered }) => {
    throw registered ? new Taken('somebody sits there') : new RangeError('no such seat');
  });
  desk.askBack.connect(async (sender, { question }) => {
    desk.told(sender, { text: `you will be asked: ${question}` });
    return desk.ask(sender, { question });
  });
  desk.hangUp.connect((sender) => {
    sender.peer.close();
    return new Promise<void>(() => {});
  });
  desk.report.connect((_sender, { results }) => reported?.(results));
}
