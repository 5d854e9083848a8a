import { time } from '../../../src/base/time.js';
import type { Link, Receiver } from '../../../src/contract/contract.js';
import type { InnerTransport } from '../redial/inner.js';

/** A link that was up for so long, in milliseconds, has lasted: the waits begin anew with the shortest one. */
const LASTED_MS = 5_000;

/** One attempt to reach a part, and its link. */
export class Line {
  link: Link | undefined = undefined;
  receiver: Receiver | undefined = undefined;
  /** Calls can be sent over it. */
  isUsable = false;
  /** It is to have no new calls, unless there is no other one. */
  isLeaving = false;
  /** Its transport dials again by itself. */
  redials = false;
  /** Its link has ended, and so has the attempt. */
  isOver = false;
  /** Why the part has not let this side in. */
  denial: Error | undefined = undefined;
  /** How many links there were. */
  links = 0;
  private since = 0;

  constructor(readonly inner: InnerTransport) {}

  begins(link: Link): void {
    this.links++;
    this.link = link;
    this.denial = undefined;
    this.since = time();
  }

  get hasLasted(): boolean {
    return time() - this.since >= LASTED_MS;
  }

  /** How many calls are open over it. */
  get open(): number {
    return this.receiver?.open ?? 0;
  }

  /** Ends its link once no call is open over it. */
  retire(): void {
    if (this.isUsable) this.receiver?.retire?.();
    else this.link?.close();
  }
}
