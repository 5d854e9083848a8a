import { Queue } from '../../../src/base/queue.js';

/** A room whose servers are one service for those that connect to it. */
export class ServiceRoom<Server = object, Client = object> {
  readonly servers = new Map<string, Server>();
  readonly clients = new Map<string, Client>();
  private away = false;
  private readonly held = new Queue<() => void>();
  private isReturning = false;
  private named = 0;
  private turn = 0;

  /** `emptied` is called when nobody is in the room and nothing waits in it. */
  constructor(
    readonly name: string,
    private readonly emptied: () => void,
  ) {}

  /** A name that nobody in the room has. */
  freeName(): string {
    do this.named++;
    while (this.has(`${this.name}.${this.named}`));
    return `${this.name}.${this.named}`;
  }

  has(name: string): boolean {
    return this.servers.has(name) || this.clients.has(name);
  }

  /** Those that serve, from the one on whose turn it is. */
  inTurn(): Server[] {
    const servers = [...this.servers.values()];
    const at = servers.length === 0 ? 0 : this.turn++ % servers.length;
    return [...servers.slice(at), ...servers.slice(0, at)];
  }

  /** While it is set, nothing arrives and the links are `away`, as while a broker is down; afterwards, all of it arrives. */
  get isAway(): boolean {
    return this.away;
  }
  set isAway(away: boolean) {
    this.away = away;
    if (this.isReturning) return;
    this.isReturning = true;
    // What these jobs cause comes after them, and one of them may set it again.
    for (let job = this.nextHeld(); job !== undefined; job = this.nextHeld()) job();
    this.isReturning = false;
    this.left();
  }

  private nextHeld(): (() => void) | undefined {
    return this.away ? undefined : this.held.shift();
  }

  /** Whether what is sent now has to wait. */
  get holds(): boolean {
    return this.away || this.held.length > 0;
  }

  /** Runs a job: at once, or when the room is back. */
  whenBack(job: () => void): void {
    if (this.holds) this.held.push(job);
    else job();
  }

  /** Somebody has left the room. */
  left(): void {
    if (this.servers.size === 0 && this.clients.size === 0 && !this.holds) this.emptied();
  }
}
