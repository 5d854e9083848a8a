/** What the client of a contestant can do. The load loops in `run/load.ts` know nothing else of it. */
export interface Caller {
  /** Asks the other side for the sum. */
  add(a: number, b: number): Promise<number>;
  /** Tells the other side a number and expects no answer. */
  note?(n: number): void;
  /** The sum of all that the other side has been told by notes, as it counts them. */
  counted?(): Promise<number>;
  /** Sends bytes there and gives what comes back. */
  bytes?(value: Uint8Array): Promise<Uint8Array>;
  /** Sends a value there and gives what comes back. */
  echo?(value: unknown): Promise<unknown>;
  close(): void | Promise<void>;
}

/** One way of calling, of ours or of a peer: the default export of a module in `adapters/`. */
export interface Adapter {
  /**
   * Opens a server in this process and gives what `connect` wants. A contestant without it runs its other side in a
   * worker thread, which `connect` starts.
   */
  serve?(): Promise<string>;
  connect(address: string): Promise<Caller>;
}

/** What all servers of the benchmark answer with, one for each process. */
export class Service {
  private sum = 0;

  add(a: number, b: number): number {
    return a + b;
  }

  note(n: number): void {
    this.sum += n;
  }

  counted(): number {
    return this.sum;
  }

  bytes(value: Uint8Array): Uint8Array {
    return value;
  }

  echo(value: unknown): unknown {
    return value;
  }
}
