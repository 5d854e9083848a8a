import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import type { Accept, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { addressOf, readEndpoint, type ZmqPlan } from './address.js';
import { ZmqFrames } from './frames.js';
import type { MemberLink } from './member.js';
import type { ZmqLoader, ZmqPackage } from './package.js';
import { ServerLine, type ServersHost, ServiceLink } from './servers.js';

/** After the first server was found, in ms: how long `open` waits for others. */
const OTHERS_MS = 1_000;

/**
 * Who connects in the role rpc: one peer, the service, whose members are the servers. A socket for each of them, so that it is known who has
 * a call and who is gone.
 */
export class DealersTransport implements Transport, ServersHost {
  readonly frames: ZmqFrames;
  readonly service: ServiceLink;
  zeromq!: ZmqPackage;
  accept!: Accept;
  private readonly lines: ServerLine[];
  private turn = 0;
  private isOpen = false;
  private isDialing = false;
  private over = false;

  constructor(
    readonly plan: ZmqPlan,
    readonly wire: Wire,
    private readonly load: ZmqLoader,
  ) {
    this.frames = new ZmqFrames(wire, true);
    this.lines = plan.endpoints.map((endpoint) => new ServerLine(endpoint, this));
    this.service = new ServiceLink(this);
  }

  get address(): string {
    return addressOf(this.endpoints, 'rpc');
  }

  get endpoints(): readonly string[] {
    return this.lines.map(({ endpoint }) => endpoint);
  }

  async open(accept: Accept): Promise<void> {
    this.mustNotBeClosed();
    this.zeromq = await this.load();
    this.mustNotBeClosed();
    this.accept = accept;
    this.isDialing = true;
    try {
      for (const line of this.lines) line.dial();
      await this.decided(this.lines);
    } catch (error) {
      await this.close();
      throw error;
    }
    const isThere = this.lines.some(({ link }) => link !== undefined);
    if (isThere && !this.over) return;
    const { over, address, lines } = this;
    await this.close();
    if (over) throw closedEarly(address);
    const why = lines.map(({ endpoint, trouble }) => `${endpoint} (${trouble ?? 'no answer'})`).join(', ');
    throw new ConnectionLost(`nobody serves ${why}`);
  }

  /** Resolves when it is known of each line whether a server is there, or of one that it is and some time has passed. */
  private async decided(lines: readonly ServerLine[]): Promise<void> {
    const all = Promise.all(lines.map(({ decided }) => decided));
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimer(this.wire.limits.connectMs, resolve);
    });
    const first = Promise.any(lines.map((line) => line.decided.then(() => line.mustBeThere())));
    let others: Timer | undefined;
    const soon = first.then(
      () =>
        new Promise<void>((resolve) => {
          others = setTimer(OTHERS_MS, resolve);
        }),
      () => all,
    );
    await Promise.race([all, late, soon]);
    clearTimer(timer);
    clearTimer(others);
  }

  private mustNotBeClosed(): void {
    if (this.over) throw closedEarly(this.address);
  }

  /** Before the link of its first member: the link to the service. */
  admit(member: MemberLink): void {
    if (!this.isOpen) {
      this.isOpen = true;
      this.service.receiver = this.accept(this.service);
    }
    member.receiver = this.accept(member);
  }

  /** The server whose turn it is. */
  next(): MemberLink | undefined {
    const { lines } = this;
    for (let n = 0; n < lines.length; n++) {
      const { link } = lines[this.turn++ % lines.length] as ServerLine;
      if (link !== undefined && !link.isLeaving) return link;
    }
    return undefined;
  }

  get buffered(): number {
    let bytes = 0;
    for (const { link } of this.lines) bytes += link?.buffered ?? 0;
    return bytes;
  }

  // ---- while it is open -----------------------------------------------------------------------------------------------

  async add(text: string): Promise<void> {
    const endpoint = readEndpoint(text);
    if (this.lines.some((line) => line.endpoint === endpoint))
      throw new UsageError(`${this.address} has ${endpoint} already`);
    this.mustBeOpen();
    const line = new ServerLine(endpoint, this);
    this.lines.push(line);
    try {
      // Until then, it is one of those that will be dialed.
      if (this.isDialing) line.dial();
    } catch (error) {
      this.lines.splice(this.lines.indexOf(line), 1);
      throw error;
    }
    await this.decided([line]);
    this.mustBeOpen();
  }

  private mustBeOpen(): void {
    if (this.over) throw new ConnectionLost(`${this.address} is closed`);
  }

  async remove(text: string): Promise<void> {
    this.mustBeOpen();
    const endpoint = readEndpoint(text);
    const at = this.lines.findIndex((line) => line.endpoint === endpoint);
    if (at < 0) throw new UsageError(`${endpoint} is none of the endpoints of ${this.address}`);
    const [line] = this.lines.splice(at, 1);
    await line?.close(new ConnectionLost(`${endpoint} was removed on this side`));
  }

  async flush(): Promise<void> {
    await Promise.all(this.lines.map((line) => line.sent()));
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    return { waiting: this.lines.reduce((sum, line) => sum + line.waitingMessages, 0) };
  }

  // ---- ends -----------------------------------------------------------------------------------------------------------

  /** The link to the service has ended. */
  ended(): void {
    this.over = true;
    for (const line of this.lines) void line.close();
  }

  async close(): Promise<void> {
    this.over = true;
    if (this.isOpen) this.service.close();
    await Promise.all(this.lines.map((line) => line.close()));
    await undefined;
  }
}

function closedEarly(address: string): ConnectionLost {
  return new ConnectionLost(`${address} was closed before it was open`);
}
