import assert from 'node:assert/strict';
import type { Delivery, Frame, Link, Receiver, Transport } from '../contract/contract.js';

/** How long, in ms, something may take to happen; only a defect takes as long. */
export const PATIENCE_MS: number = 20_000;

/** The end that writes. */
export class Writer {
  link!: Link;

  constructor(readonly transport: Transport) {}

  async open(): Promise<void> {
    await this.transport.open((link) => {
      this.link = link;
      return { receive() {}, drained() {}, closed() {} };
    });
    assert.notEqual(this.link, undefined, 'a writer has no link after open');
  }

  put(body: Frame, delivery?: Delivery): void {
    if (this.link.dispatch === undefined) this.link.send([body]);
    else this.link.dispatch([body], { id: undefined, method: 'test', delivery });
  }

  async flush(): Promise<void> {
    assert.ok(this.transport.flush !== undefined, 'a transport that keeps messages has flush()');
    await this.transport.flush();
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

/** A message that a worker has. */
export interface Task {
  readonly link: Link;
  readonly body: string;
  readonly ends: (Error | undefined)[];
}

/** The end that works. */
export class Worker {
  readonly all: Task[] = [];

  constructor(readonly transport: Transport) {}

  /** Those whose links have not ended. */
  get open(): readonly Task[] {
    return this.all.filter(({ ends }) => ends.length === 0);
  }

  begin(): Promise<void> {
    return this.transport.open((link) => this.accept(link));
  }

  private accept(link: Link): Receiver {
    const ends: (Error | undefined)[] = [];
    return {
      receive: (frame) => {
        this.all.push({ link, body: String(frame), ends });
      },
      drained() {},
      inputEnded() {},
      closed: (reason) => {
        ends.push(reason);
      },
    };
  }

  /** The first so many messages, once they are there. */
  async tasks(count: number): Promise<Task[]> {
    await until(`${count} messages`, () => this.all.length >= count);
    return this.all.slice(0, count);
  }

  /** Handles messages until so many different ones have come; `look` receives the number of those at work. */
  async handle(count: number, look: (atWork: number) => void = () => {}): Promise<Set<string>> {
    const done = new Set<string>();
    while (done.size < count) {
      await until(`${count} messages, after ${done.size}`, () => this.open.length > 0);
      look(this.open.length);
      for (const { link, body } of this.open) {
        done.add(body);
        link.close();
      }
      // The ends of the links are reported a microtask later.
      await undefined;
    }
    return done;
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

/** Resolves when the condition holds; fails if that takes too long. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !holds(); ) {
    assert.ok(performance.now() < end, `timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
