import { Dispatcher } from '../calls/dispatcher.js';
import { IncomingMethod } from '../calls/incoming-method.js';
import { SideLayers } from '../calls/side-layers.js';
import type { Call, Codec, FaultBody, Id, Limits, Link, Transport, TransportSource } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { DEFAULT_TIMEOUT, limitsFrom } from '../contract/limits.js';
import { makeTransport } from '../plugins/registry.js';
import type { ConnectedPeer } from '../session/connected-peer.js';
import type { Connection } from '../session/connection.js';
import type { SealedFrames } from '../session/frame-filter.js';
import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { PendingCalls } from '../session/outgoing-calls/pending-calls.js';
import type { RpcSession } from '../session/rpc-session.js';
import type { SendQueueHost } from '../session/sending/make-send-queue.js';
import type { Session, SessionHost } from '../session/session.js';
import { SideLoad } from '../session/side-load.js';
import { checkCallOptions } from '../spec/call-options.js';
import type { MethodDescriptor, MethodTable } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { CloseOptions } from '../types/closing.js';
import type { SideLogger } from '../types/log-entry.js';
import type { Options } from '../types/options.js';
import type { Peer } from '../types/peers.js';
import { type Diagnostics, none } from './diagnostics.js';
import { EventListeners, emit } from './event-listeners.js';
import type { SideHost } from './extension.js';
import { loadExtensions, mustBeInstalled, neededBy } from './extension-registry.js';
import { sideLogger } from './log-entry.js';
import { reportMessageError } from './message-errors.js';
import { PeerRegistry } from './peer-registry.js';
import { Reports } from './reports.js';
import { concurrencyOf, resolveCodec } from './resolve-options.js';
import { SideExtensions } from './side-extensions.js';
import { SideSessions } from './side-sessions.js';
import { cannotChange, cannotOpen, mustBeOpen, type SideState } from './side-states.js';
import { sideWire } from './side-wire.js';
import { Transports } from './transports.js';

/** The implementation of a side: its methods, its peers and its transports. */
export class RpcEndpoint implements SideHost {
  readonly limits: Limits;
  readonly load: SideLoad;
  readonly shallow: number;
  readonly concurrency: number;
  /** In milliseconds, where neither call nor method specifies it. */
  readonly timeout: number;
  readonly inverted: boolean;
  readonly logger: SideLogger;
  readonly reports: Reports;
  readonly attached: SideExtensions;
  notifications!: SessionHost['notifications'];
  requests!: SessionHost['requests'];
  mapper!: SessionHost['mapper'];
  unprovedQueue: SendQueueHost['unprovedQueue'];
  readonly listeners: EventListeners = new EventListeners(() => this.recompose());
  controls!: SessionHost['controls'];
  diagnostics: Diagnostics = none;
  readonly handlerTimeout: number;
  /** Options of every call, below those of its method. */
  readonly defaults: CallOptions | undefined;
  readonly peerRegistry: PeerRegistry;
  readonly layers: SideLayers = new SideLayers();
  codec!: Codec;
  encodePlain: Codec['encodePlain'];
  readonly dispatcher: Dispatcher;
  readonly transports: Transports = new Transports(this);
  private readonly begun: SideSessions = new SideSessions(this);
  readonly away: Set<Session> = new Set();
  state: SideState = 'new';
  /** While the side drains: ends that. */
  drained: (() => void) | undefined;
  listens = false;
  /** The extensions that methods of the spec ask for, and that are not loaded. */
  private readonly asked = new Set<string>();

  /** Called with every fault of what a peer has sent. */
  constructor(
    readonly options: Options,
    private readonly onMessageError: (peer: Peer, error: unknown, id?: Id) => unknown,
  ) {
    this.limits = limitsFrom(options.limits);
    this.load = new SideLoad(this.limits.totalBytes, concurrencyOf(options).all);
    this.shallow = options.stages?.form === undefined ? this.limits.depth : 0;
    this.concurrency = concurrencyOf(options).each;
    this.timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.handlerTimeout = options.handlerTimeout ?? Number.POSITIVE_INFINITY;
    this.defaults = checkCallOptions(options.defaults);
    this.inverted = options.invert === true;
    this.logger = sideLogger(options.logger);
    this.reports = new Reports(this.logger);
    this.dispatcher = new Dispatcher(this, options.ignoreUnhandled === true);
    const left = (peer: ConnectedPeer): void => this.attached.peerLeft(peer);
    this.peerRegistry = new PeerRegistry(this, () => this.state, left);
    this.attached = new SideExtensions(this, (slots) => this.takeSlots(slots));
  }

  // ---- what may be called -------------------------------------------------------------------------------------------

  /** Takes up the descriptors of one table of the spec, whose instance on this side is `self`. */
  add(table: MethodTable, self: object): void {
    const { methods, refusals, tables } = this.dispatcher;
    tables.push(table);
    for (const descriptor of table.methods) {
      for (const side of this.attached.sides) side.declared?.(descriptor);
      const incoming = (descriptor.direction === 'incoming') !== this.inverted;
      for (const name of neededBy(descriptor, this.options, incoming ? 'incoming' : 'outgoing')) {
        // What is mounted now can be called at once.
        if (this.state !== 'new') mustBeInstalled(name, `a layer around ${descriptor.path}`);
        this.asked.add(name);
      }
      if (incoming) {
        const method = new IncomingMethod(descriptor, this.inverted ? undefined : self, this);
        methods.set(descriptor.wire, method);
        this.layers.bindIncoming(method);
      } else {
        refusals.set(descriptor.wire, 'has the other direction: this side calls it, and does not serve it');
        this.layers.bindOutgoing(descriptor);
      }
    }
    for (const name of table.undecorated) refusals.set(name, 'is not marked as incoming');
  }

  incomingMethod(descriptor: MethodDescriptor): IncomingMethod {
    return this.dispatcher.methods.get(descriptor.wire) as IncomingMethod;
  }

  /** What the extensions do, with those that were installed since the side was made. */
  attachedNow(): SideExtensions {
    return this.attached.attach();
  }

  get gates(): SideExtensions['gates'] {
    return this.attached.gates;
  }

  get peers(): ReadonlyMap<string, Peer> {
    return this.peerRegistry.peers;
  }

  session(peer: Peer): Session {
    return this.peerRegistry.find(peer);
  }

  *methods(): Generator<MethodDescriptor> {
    for (const { methods } of this.dispatcher.tables) yield* methods;
  }

  emit(event: string, ...args: unknown[]): void {
    emit(this.listeners, event, args, this.reports);
  }

  private takeSlots({ sides, notifications, controls, requests, mapper, unprovedQueue }: SideExtensions): void {
    this.notifications = notifications;
    this.controls = controls;
    this.requests = requests;
    this.mapper = mapper;
    this.unprovedQueue = unprovedQueue;
    this.layers.recompose(sides);
  }

  serve(sender: CallSender): unknown {
    return this.dispatcher.serve(sender);
  }

  handles(method: string): boolean {
    return this.dispatcher.handles(method);
  }

  fallback(method: MethodDescriptor, call: Call): ReturnType<Dispatcher['fallback']> {
    return this.dispatcher.fallback(method, call);
  }

  toFault(error: unknown, session?: Session): FaultBody {
    return this.attached.errors.toFault(error, session?.peer);
  }

  smaller(fault: FaultBody): readonly FaultBody[] {
    return this.attached.errors.smaller(fault);
  }

  fromFault(fault: FaultBody): Error {
    return this.attached.errors.fromFault(fault);
  }

  reportError(session: Session, error: unknown, id?: Id, method?: string): void {
    this.reports.method = method;
    this.report(session.peer as Peer, error, id);
  }

  readonly report = (peer: Peer, error: unknown, id?: Id): void =>
    reportMessageError(this.onMessageError, this.reports, peer, error, id);

  // ---- opening and closing ------------------------------------------------------------------------------------------

  /** Opens the transport that the options name. Whether it listens follows from the verb, where its address leaves it open. */
  async open(listens: boolean): Promise<void> {
    const { transport } = this.options;
    if (this.state !== 'new') throw cannotOpen(this.state, this.peerRegistry.peers.size > 0, this.listens);
    if (transport === undefined)
      throw new UsageError('there is nothing to open: give the option "transport", or use serve(url) or connect(url)');
    this.state = 'opening';
    this.listens = listens;
    try {
      const codec = resolveCodec(this.options);
      // Loads what the options and the methods ask for, attaches it, and lets all extensions load what they need.
      const extended = loadExtensions(this.options, this.asked).then(() => this.attachedNow().opening(codec));
      [this.codec] = await Promise.all([codec, extended]);
      if (this.options.types === undefined) this.encodePlain = this.codec.encodePlain;
      (await this.transports.open(transport)).deliver();
    } catch (error) {
      this.state = 'closed';
      throw error;
    }
    this.state = 'open';
    for (const side of this.attached.sides) side.opened?.();
  }

  async makeTransport(source: TransportSource): Promise<Transport> {
    const frameBytes = this.options.limits?.frameBytes;
    const wire = sideWire(this, { listen: this.listens, sealed: this.attached.frames !== undefined, frameBytes });
    const transport = await makeTransport(await this.attached.source(source), wire);
    this.diagnostics.messages?.printBroadcasts(transport, this);
    return transport;
  }

  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** Opens another transport for new calls, lets what is pending on the old one finish, and closes it. */
  async changeTransport(source: TransportSource): Promise<void> {
    if (this.state !== 'open') throw cannotChange(this.state);
    await this.transports.change(source, ({ peer }) => this.peerRegistry.remove(peer as ConnectedPeer));
  }

  async close(options?: CloseOptions): Promise<void> {
    if (options !== undefined) await (await import('./drain.js')).drain(this, this.transports.all, options);
    this.state = 'closed';
    this.drained?.();
    this.attached.closing({});
    for (const session of [...this.away]) session.end();
    await this.transports.close();
    this.reports.end();
  }

  get address(): string {
    return this.transports.address;
  }

  // ---- sessions -----------------------------------------------------------------------------------------------------

  connect(link: Link): Connection {
    return this.begun.connect(link);
  }

  *sessions(): Generator<RpcSession> {
    yield* this.transports.sessions();
    yield* this.away as Set<RpcSession>;
  }

  begin(connection: Connection | undefined, pending?: PendingCalls, id?: string): RpcSession {
    return this.begun.begin(connection, pending, id);
  }

  announce(session: RpcSession): void {
    this.begun.announce(session);
  }

  connections(): Iterable<Connection> {
    return this.transports.connections();
  }

  recompose(): void {
    this.layers.recompose();
  }

  disconnected(connection: Connection): void {
    this.transports.gone(connection);
  }

  ended(session: RpcSession): void {
    this.begun.ended(session);
  }

  // ---- everybody at once --------------------------------------------------------------------------------------------

  /** Throws ConnectionLost if the side is not open (yet): then sending to every peer is a mistake, even if there is none. */
  mustBeOpen(): void {
    mustBeOpen(this.state);
  }

  /** Whether the transport can reach everybody with one message. */
  get broadcasts(): boolean {
    return this.transports.broadcasts;
  }

  broadcast(frames: SealedFrames | Promise<SealedFrames>): void {
    this.transports.broadcast(frames, (error) => this.logger.error('a message could not be sealed', error));
  }
}
