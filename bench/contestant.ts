/** The client of a contestant. The load loops in `run/load.ts` use nothing else of it. */
export interface Caller {
  /** Requests the sum from the other side. */
  add(a: number, b: number): Promise<number>;
  /** Sends a number to the other side, without an answer. */
  note?(n: number): void;
  /** The sum of all numbers that the other side has received. */
  counted?(): Promise<number>;
  /** Sends bytes to the other side, and returns those that it sends back. */
  bytes?(value: Uint8Array): Promise<Uint8Array>;
  /** Sends a value to the other side, and returns the one that it sends back. */
  echo?(value: unknown): Promise<unknown>;
  close(): void | Promise<void>;
}

/** A way of calling, with Obverse or another library: the default export of a module in `adapters/`. */
export interface Adapter {
  /**
   * Opens a server in this process and returns the address for `connect`. A contestant without it runs its other side
   * in a worker thread, which `connect` starts.
   */
  serve?(): Promise<string>;
  connect(address: string): Promise<Caller>;
}

/** The methods of all servers of the benchmark, one object for each process. */
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
