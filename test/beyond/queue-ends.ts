import type { Side } from '../../src/index.js';
import { Work } from '../durable/work.js';
import { Chat } from './chat.js';
import { Program } from './programs.js';
import type { QueueEngine } from './queue-engines.js';

/** Short times, so that a test does not wait long. */
const SOON = '&backoff=20';

let used = 0;

/** One queue of an engine, and what a test has opened there. */
export class Queue implements AsyncDisposable {
  readonly name = `q${++used}`;
  private readonly open: AsyncDisposable[] = [];

  constructor(
    readonly engine: QueueEngine,
    /** What the table says. */
    readonly cell: string,
  ) {}

  get address(): string {
    return this.engine.address(this.name);
  }

  /** Who writes. */
  async boss(options: Parameters<typeof Work.connect>[1] = {}) {
    return this.opened(await Work.invert().connect(this.address, { logger: null, timeout: 30_000, ...options }));
  }

  /** Who works. `begin` adds its handlers before a task comes. */
  async worker(
    begin: (side: Side<Work>) => void,
    query = '',
    options: Parameters<typeof Work.serve>[1] = {},
  ): Promise<Side<Work>> {
    const side = this.opened(await Work.serve(this.address + SOON + query, { logger: null, ...options }));
    begin(side);
    return side;
  }

  /** A chat that is served here, and who calls it. */
  async chat(serve: (server: Side<Chat>) => void) {
    const client = this.opened(await Chat.invert().connect(this.address, { logger: null, timeout: 30_000 }));
    const server = this.opened(await Chat.serve(this.address + SOON, { logger: null }));
    serve(server);
    return { client, server };
  }

  /** One end in a process of its own. */
  async program(role: 'work' | 'ask', query = ''): Promise<Program> {
    return this.opened(await Program.start(role, this.address + query, 'queue-program.ts'));
  }

  private opened<T extends AsyncDisposable>(one: T): T {
    this.open.push(one);
    return one;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  }
}

/** A check of one row, which reads its cell. */
export type Check = (queue: Queue) => Promise<void>;

/** Resolves when the condition holds, which asks another program. */
export async function untilKnown(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** What never ends. */
export const forever = (): Promise<void> => new Promise(() => {});
