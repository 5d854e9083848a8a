import { endpointOf } from '../../src/api/side-class.js';
import type { Frame, Transport } from '../../src/contract/contract.js';
import { attach, leaveConnection } from '../../src/session/change-connection.js';
import { Connection } from '../../src/session/connection.js';
import type { Journal } from '../../src/session/journal.js';
import type { MessageSink } from '../../src/session/receiving/message-sink.js';
import type { RpcSession } from '../../src/session/rpc-session.js';
import { until } from './core-waiting.js';

/** Keeps a session whose connection is lost, and sends again what the other end has not received. */
export class ReplayJournal implements Journal {
  sent: Frame[] = [];
  received = 0;
  /** That of the other end. */
  other!: ReplayJournal;

  constructor(readonly session: RpcSession) {
    session.journal = this;
  }

  admits(): boolean {
    return true;
  }

  given(messages: readonly Frame[]): readonly Frame[] {
    this.sent.push(...messages);
    return messages;
  }

  came(): void {
    this.received++;
  }

  lost(): boolean {
    leaveConnection(this.session);
    return true;
  }

  /** While there is no connection: puts what did not arrive before what waits. */
  sendAgain(): void {
    const { sendQueue } = this.session;
    const lost = this.sent.splice(this.other.received);
    sendQueue.exchange([...lost, ...sendQueue.exchange([])]);
  }
}

/** What a connection has as long as nobody knows whose session it is. */
const nobody: MessageSink = {
  peer: undefined,
  open: 0,
  pendingCount: 0,
  receive() {},
  refuse() {},
  unreadable() {},
  complete() {},
  delivered() {},
  drained() {},
  congested() {},
  greet() {},
  greeted() {},
  updateReading() {},
  remind() {},
  inputEnded() {},
  lost() {},
  end() {},
  closeWhenIdle() {},
};

/** Two sides whose sessions move from one real connection to the next. */
export class MovingSessions {
  private readonly transports: Transport[] = [];

  private constructor(
    readonly near: ReplayJournal,
    readonly far: ReplayJournal,
    private readonly source: string,
  ) {
    near.other = far;
    far.other = near;
  }

  /** `client` is connected to `server`, and each has no other peer. */
  static async of(client: object, server: object, source = 'tcp://127.0.0.1:0'): Promise<MovingSessions> {
    const registries = [client, server].map((side) => endpointOf(side).peerRegistry);
    await until(() => registries.every(({ peers }) => peers.size === 1));
    const sessions = registries.map((registry) => registry.allSessions()[0] as RpcSession);
    await until(() => sessions.every(({ agreed }) => agreed));
    const [near, far] = sessions.map((session) => new ReplayJournal(session)) as [ReplayJournal, ReplayJournal];
    return new MovingSessions(near, far, source);
  }

  get away(): boolean {
    return this.near.session.connection === undefined && this.far.session.connection === undefined;
  }

  /** Cuts the connection, and resolves when both ends have noticed. */
  async cut(): Promise<void> {
    this.near.session.link.close(new Error('cut'));
    await until(() => this.away);
  }

  /** A pair of connections beside that of the sessions: the end that dialed, and the other one. What arrives waits in their queues. */
  async connections(): Promise<[near: Connection, far: Connection]> {
    const listening = await this.connectionsOf(this.far.session, this.source);
    const dialing = await this.connectionsOf(this.near.session, listening.address);
    await until(() => listening.made.length === 1 && dialing.made.length === 1);
    return [dialing.made[0] as Connection, listening.made[0] as Connection];
  }

  private async connectionsOf({ host }: RpcSession, source: string): Promise<{ address: string; made: Connection[] }> {
    const endpoint = host as ReturnType<typeof endpointOf>;
    const transport = await endpoint.makeTransport(source);
    this.transports.push(transport);
    const made: Connection[] = [];
    await transport.open((link) => {
      const connection = new Connection(link, endpoint);
      connection.filter = endpoint.attached.frames?.filterFor(connection);
      connection.agreed = true;
      connection.sink = nobody;
      connection.inboundQueue.hold();
      made.push(connection);
      return connection;
    });
    return { address: transport.address, made };
  }

  /** Both sessions continue over another connection. */
  async reconnect(): Promise<void> {
    const arrived = await this.connections();
    for (const [at, journal] of [this.near, this.far].entries()) {
      const { connection } = journal.session;
      leaveConnection(journal.session);
      connection?.link.close(new Error('left'));
      journal.sendAgain();
      attach(journal.session, arrived[at] as Connection);
    }
    for (const connection of arrived) connection.queue?.release();
  }

  async close(): Promise<void> {
    await Promise.all(this.transports.map((transport) => transport.close()));
  }
}
