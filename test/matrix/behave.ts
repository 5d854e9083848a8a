import { keep, type Sender, type Side } from 'obverse';
import { Basket, type Caller, Overdrawn, type Server, type Stage, type Step } from './abilities.js';

/** What the handlers of one side have recorded, by key; a reader waits until it is there. */
class Log {
  private readonly notes = new Map<string, unknown[]>();
  private readonly waiting = new Set<() => void>();

  add(key: string, note: unknown): void {
    const notes = this.notes.get(key) ?? [];
    notes.push(note);
    this.notes.set(key, notes);
    for (const wake of [...this.waiting]) wake();
  }

  async at(key: string, at: number): Promise<unknown> {
    for (;;) {
      const notes = this.notes.get(key);
      if (notes !== undefined && notes.length > at) return notes[at];
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
    }
  }
}

/** Connects the handlers of one side. `back` are the methods of the other one. */
export function behave(side: Pick<Side<Stage>, 'group'>, server: Server, back: Caller): void {
  const log = new Log();
  let kept: Step | undefined;
  server.implement({
    log: (_sender, { key, at = 0 }) => log.at(key, at),
    hang: (sender, { key }) => {
      log.add(key, 'begun');
      sender.signal.addEventListener('abort', () => log.add(key, (sender.signal.reason as Error).name));
      return new Promise<void>(() => {});
    },
    timeLeft: (sender) => (Number.isFinite(sender.timeLeft) ? sender.timeLeft : -1),
    timeLeftBack: (sender) => back.to(sender).timeLeft(),
    steps: async (sender, { to }) => {
      for (let n = 1; n <= to; n++) {
        sender.progress(n);
        if (n % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return 'done';
    },
    tags: (sender) => {
      sender.replyMetadata = { back: sender.metadata.tag };
      return sender.metadata;
    },
    note: (sender, { key, value }) => {
      sender.afterReply(() => log.add(key, 'after'));
      log.add(key, value);
      return 'noted';
    },
    fail: (_sender, { how }) => {
      switch (how) {
        case 'registered':
          throw new Overdrawn('by five', { cause: new RangeError('too far') });
        case 'several':
          throw new AggregateError([new Overdrawn('one'), new TypeError('two')], 'both');
        default:
          throw new Error(how);
      }
    },
    echo: (_sender, { value }) => value,
    each: async (_sender, { to, step }) => {
      let sum = 0;
      for (let n = 1; n <= to; n++) sum += (await step(n)) as number;
      return sum;
    },
    basket: () => new Basket(),
    keep: (_sender, { step }) => {
      keep(step);
      kept = step;
    },
    callKept: (_sender: Sender, { n }) => kept?.(n),
    numbers: function* (_sender, { to, fails }) {
      for (let n = 1; n <= to; n++) yield n;
      if (fails) throw new Overdrawn('after all');
    },
    endless: async function* (_sender, { key }) {
      try {
        for (let n = 1; ; n++) yield n;
      } finally {
        log.add(key, 'ended');
      }
    },
    sum: async (_sender, { items }) => {
      let sum = 0;
      for await (const item of items) sum += item;
      return sum;
    },
    twice: (_sender, { n = 0 }) => 2 * n,
    secret: () => 'the cake is a lie',
    wrapped: () => 'core',
    ring: async (sender, { n }) => {
      const group = side.group('ring').add(sender);
      const answers = await back.gather(group).twice({ n });
      group.remove(sender);
      return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : Number.NaN));
    },
  });
  server.setHandler('extra.*', (_sender, args, { path }) => [path, args]);
  server.mount('calc', { add: (_sender: Sender, { a, b }: { a: number; b: number }) => a + b });
}
