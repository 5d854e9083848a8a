import type { CallExtensions } from '../calls/calling-side.js';
import type { Codec, Transport, TransportSource } from '../contract/contract.js';
import type { ConnectedPeer } from '../session/connected-peer.js';
import type { ErrorMapper } from '../session/error-mapper.js';
import type { SendQueueHost } from '../session/sending/make-send-queue.js';
import type { SessionHost, ValueMapper } from '../session/session.js';
import { coreControls, coreNotifications } from '../session/system/core-notifications.js';
import type { Extension, FrameFilters, Gate, SideExtension, SideHost } from './extension.js';
import { currentExtensions } from './extension-registry.js';

/** A list of extensions with their messages, one object for all sides that have these extensions. */
interface Shared extends Pick<SessionHost, 'notifications' | 'controls' | 'requests'> {
  readonly extensions: readonly Extension[];
}
let latest: Shared = { extensions: [], notifications: coreNotifications, controls: coreControls, requests: {} };

function sharedNow(): Shared {
  const extensions = [...currentExtensions()];
  const { extensions: before } = latest;
  if (extensions.length !== before.length || !extensions.every((each, at) => each === before[at])) {
    const notifications = Object.assign({}, coreNotifications, ...extensions.map((each) => each.notifications));
    const controls = Object.assign({}, coreControls, ...extensions.map((each) => each.controls));
    const requests = Object.assign({}, ...extensions.map((each) => each.requests)) as SessionHost['requests'];
    latest = { extensions, notifications, controls, requests };
  }
  return latest;
}

/** What the extensions do for one side. */
export class SideExtensions implements CallExtensions {
  /** In the order of installation. */
  sides: readonly SideExtension[] = [];
  notifications: SessionHost['notifications'] = coreNotifications;
  controls: SessionHost['controls'] = coreControls;
  requests: SessionHost['requests'] = {};
  mapper!: ValueMapper;
  errors!: ErrorMapper;
  frames: FrameFilters | undefined;
  gates: readonly Gate[] = [];
  /** Makes what sees each message of a connection: loaded while the side is opened, where an extension asks for it. */
  metering: SessionHost['attached']['metering'];
  /** The side as the program has it. */
  self!: object;
  /** Where gates ask whose session a connection is: loaded while the side is opened. */
  admission: typeof import('./admission.js') | undefined;
  streams!: CallExtensions['streams'];
  multicast!: CallExtensions['multicast'];
  methods: CallExtensions['methods'];
  unprovedQueue: SendQueueHost['unprovedQueue'];
  /** Undefined where services are not installed. */
  sessionOf: SideExtension['sessionOf'];
  /** Those that `sides` belong to, in the same order. */
  private attached: readonly Extension[] = [];
  private closed = false;
  /** Those that are notified when a peer has left: asked of each extension once, and not with each message that is a peer of its own. */
  private told: readonly SideExtension[] = [];

  /** `changed` is called each time that others own the slots, and once at the beginning. */
  constructor(
    private readonly host: SideHost,
    private readonly changed: (slots: SideExtensions) => void,
  ) {
    this.attach();
  }

  /** Attaches the extensions that were installed since. */
  attach(): this {
    const { extensions, notifications, controls, requests } = sharedNow();
    const { attached, sides } = this;
    if (extensions === attached) return this;
    this.sides = extensions.map((each) => sides[attached.indexOf(each)] ?? this.attachOne(each));
    this.attached = extensions;
    this.told = this.sides.filter(({ peerLeft }) => peerLeft !== undefined);
    this.notifications = notifications;
    this.controls = controls;
    this.requests = requests;
    this.takeOpened();
    this.errors = this.last('errors') as ErrorMapper;
    this.mapper = this.last('values') as ValueMapper;
    this.streams = this.last('streams') as CallExtensions['streams'];
    this.multicast = this.last('multicast') as CallExtensions['multicast'];
    this.methods = this.last('methods');
    this.unprovedQueue = this.last('unprovedQueue');
    this.sessionOf = this.last('sessionOf');
    this.changed(this);
    return this;
  }

  private attachOne(extension: Extension): SideExtension {
    const side = extension.attach?.(this.host) ?? {};
    if (side.declared !== undefined) for (const method of this.host.methods()) side.declared(method);
    return side;
  }

  /** What the extension of a name does; undefined if it is not attached. */
  of(name: string): SideExtension | undefined {
    return this.sides[this.attached.findIndex((extension) => extension.name === name)];
  }

  /** The methods whose paths begin so were unmounted. */
  unbind(path: string): void {
    this.host.layers.unbind(path);
    this.host.listeners.removeBelow(path);
    for (const side of this.sides) side.unbound?.(path);
    this.host.recompose();
  }

  private last<K extends keyof SideExtension>(slot: K): SideExtension[K] | undefined {
    return this.sides.findLast((side) => side[slot] !== undefined)?.[slot];
  }

  /** Lets the extensions load what they need. */
  async opening(codec: Promise<Codec>): Promise<void> {
    await Promise.all(this.sides.map((side) => side.opening?.(codec)));
    this.takeOpened();
    const meters = this.sides.flatMap((side) => side.metered?.bind(side) ?? []);
    if (meters.length > 0) this.metering = (await import('../session/metering.js')).meteringBy(meters);
  }

  /** The side is about to change to this transport. */
  changing(transport: Transport): Promise<unknown> {
    return Promise.all(this.sides.map((side) => side.changing?.(transport)));
  }

  /** The side closes: each extension is called once. Resolves when all of them are done. Never rejects. */
  closing(options: { readonly drain?: number }): Promise<unknown> {
    const sides = this.closed ? [] : this.sides;
    this.closed = true;
    const closing = async (side: SideExtension): Promise<void> => side.closing?.(options);
    const failed = (error: unknown): void => this.host.logger.error('an extension could not close', error);
    return Promise.all(sides.map((side) => closing(side).catch(failed)));
  }

  /** A peer has left the list of peers. */
  peerLeft(peer: ConnectedPeer): void {
    for (const side of this.told) side.peerLeft?.(peer);
  }

  /** What the side opens in place of a source. Rejects with a UsageError where that cannot be. */
  async source(source: TransportSource): Promise<TransportSource> {
    let opened = source;
    for (const side of this.sides) opened = side.source?.(opened) ?? opened;
    this.takeOpened();
    if (this.gates.some(({ admit }) => admit !== undefined)) this.admission ??= await import('./admission.js');
    return opened;
  }

  /** What may change until the side is open. */
  private takeOpened(): void {
    this.frames = this.last('frames');
    // A copy has no room for more, which each of many sides would keep.
    this.gates = this.sides.flatMap(({ gate }) => gate ?? []).slice();
  }
}
