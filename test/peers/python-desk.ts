import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  RpcError,
  type Sender,
  type Side,
  type Stream,
  standardTypes,
} from '../../src/index.js';

type Visit = (who: string) => Promise<string> | string;

/** The spec that the peer in Python calls, and that calls it. */
export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) add(_from: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) echo(_from: Sender, _value?: unknown): Reply<unknown> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) kinds(
    _from: Sender,
    ..._values: unknown[]
  ): Reply<string[]> {}
  @incoming({ hasReply: true }) greet(_from: Sender): Reply<string> {}
  @incoming tell(_from: Sender, _args: { text: string }): void {}
  @incoming({ hasReply: true }) fail(_from: Sender, _args: { how: string }): Reply<null> {}
  @incoming({ hasReply: true }) failure(_from: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) notes(_from: Sender): Reply<object> {}
  @incoming({ hasReply: true }) climb(_from: Sender, _args: { to: number }): Reply<string, number> {}
  @incoming({ hasReply: true }) wait(_from: Sender): Reply<null> {}
  @incoming({ hasReply: true }) waiting(_from: Sender): Reply<number> {}
  @incoming({ hasReply: true }) impatient(_from: Sender): Reply<string> {}
  @incoming({ hasReply: true }) left(_from: Sender): Reply<number> {}
  @incoming({ stream: true }) count(_from: Sender, _args: { to: number }): Stream<number> {}
  @incoming({ stream: true }) texts(_from: Sender, _args: { count: number; size: number }): Stream<string> {}
  @incoming({ hasReply: true }) streaming(_from: Sender): Reply<number> {}
  @incoming({ hasReply: true }) spell(_from: Sender): Reply<string> {}
  @incoming({ hasReply: true }) sum(_from: Sender, _args: { numbers: AsyncIterable<number> }): Reply<number> {}
  @incoming({ hasReply: true }) visit(_from: Sender, _args: { each: Visit }): Reply<string> {}
  @incoming({ hasReply: true }) visitor(_from: Sender): Reply<Visit> {}
  @outgoing({ hasReply: true }) name(_to: Receivers): Reply<string, string> {}
  @outgoing({ hasReply: true }) patient(_to: Receivers): Reply<null> {}
  @outgoing({ stream: true }) letters(_to: Receivers): Stream<string> {}
  @outgoing told(_to: Receivers, _args: { text: string }): void {}
}

class NotFound extends Error {
  override readonly name = 'NotFound';
  readonly data = { shelf: 3 };
}

/** How it is served. */
export const options: Options = { errorClasses: [NotFound], types: [standardTypes], logger: null };

/** Connects the handlers. */
export function handle(desk: Side<Desk>): void {
  let waiting = 0;
  let streaming = 0;
  desk.add.connect((_from, { a, b }) => a + b);
  desk.echo.connect((_from, value) => value);
  desk.kinds.connect((_from, ...values) => values.map((value) => Object(value).constructor.name));
  desk.greet.connect(async (from) => {
    let seen: string | undefined;
    const onProgress = (value: string): void => {
      seen = value;
    };
    const asked = desk.to(from, { metadata: { trace: 't1' }, onProgress }).detailed.name();
    const { value, metadata } = await asked;
    return `hello ${value}, by ${metadata.by}, ${seen}`;
  });
  desk.tell.connect((from, { text }) => desk.told(from, { text }));
  desk.fail.connect((_from, { how }) => {
    if (how === 'own') throw new RpcError('out of reach', 4_001, { away: 384_400 });
    throw new NotFound('no such book', { cause: new RangeError('3 is too high') });
  });
  desk.failure.connect(() => new Error('as a value'));
  desk.notes.connect((from) => {
    from.replyMetadata = { served: 'here' };
    return from.metadata;
  });
  desk.climb.connect((from, { to }) => {
    for (let step = 1; step <= to; step++) from.progress(step);
    return 'at the top';
  });
  desk.wait.connect(({ signal }) => {
    waiting++;
    return new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        waiting--;
        reject(signal.reason);
      }),
    );
  });
  desk.waiting.connect(() => waiting);
  desk.impatient.connect(async (from) => {
    const gone = new AbortController();
    const asked = desk.to(from, { signal: gone.signal }).patient();
    await desk.name(from);
    gone.abort();
    return asked.then(
      () => 'answered',
      (error: Error) => error.name,
    );
  });
  desk.left.connect(({ timeLeft }) => timeLeft);
  desk.count.connect(async function* (_from, { to }) {
    streaming++;
    try {
      for (let n = 1; n <= to; n++) yield n;
    } finally {
      streaming--;
    }
  });
  desk.texts.connect(function* (_from, { count, size }) {
    for (let n = 0; n < count; n++) yield 'x'.repeat(size);
  });
  desk.streaming.connect(() => streaming);
  desk.spell.connect(async (from) => {
    let word = '';
    for await (const letter of desk.letters(from)) word += letter;
    return word;
  });
  desk.sum.connect(async (_from, { numbers }) => {
    let sum = 0;
    for await (const n of numbers) sum += n;
    return sum;
  });
  desk.visit.connect((_from, { each }) => each('ann'));
  desk.visitor.connect(() => (who) => `hello ${who}`);
}
