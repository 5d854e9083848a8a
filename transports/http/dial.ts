import type { Accept, Transport } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { type DialPlan, HttpLink } from './link.js';

/** A transport that makes a request of each call. It connects when the first one is made. */
export class HttpDialer implements Transport {
  readonly address: string;
  private link: HttpLink | undefined;
  private isClosed = false;

  constructor(private readonly plan: DialPlan) {
    this.address = plan.target.address;
  }

  async open(accept: Accept): Promise<void> {
    if (this.link !== undefined) throw new UsageError(`${this.address} is opened only once`);
    if (this.isClosed) throw new ConnectionLost(`${this.address} was closed before it was open`);
    this.link = new HttpLink(this.plan);
    this.link.start(accept);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.link?.close();
    await this.link?.ended;
    this.plan.poster.close();
  }

  async flush(): Promise<void> {
    await this.link?.flush();
  }
}
