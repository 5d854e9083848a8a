import { type Caller, Service } from '../../contestant.js';

interface Message {
  readonly id: number;
  readonly method?: 'add' | 'echo';
  readonly params?: readonly unknown[];
  readonly result?: unknown;
}

/**
 * The minimum: each message is one `JSON.stringify`, written at once, and one `JSON.parse`. The reference for large
 * values.
 */
export class PlainJson {
  private nextId = 0;
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private readonly service = new Service();

  constructor(private readonly send: (text: string) => void) {}

  /** A message has arrived. */
  take(text: string): void {
    const { id, method, params, result } = JSON.parse(text) as Message;
    if (method === undefined) {
      this.waiting.get(id)?.(result);
      this.waiting.delete(id);
    } else {
      const value = this.service[method](...((params ?? []) as [never, never]));
      this.send(JSON.stringify({ jsonrpc: '2.0', id, result: value }));
    }
  }

  caller(close: () => void): Caller {
    return {
      add: (a, b) => this.call('add', [a, b]) as Promise<number>,
      echo: (value) => this.call('echo', [value]),
      close,
    };
  }

  private call(method: string, params: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve) => {
      const id = this.nextId++;
      this.waiting.set(id, resolve);
      this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }
}
