import type { PeerRegistry } from '../../api/peer-registry.js';
import { letTakeOut } from '../../base/bound-methods.js';
import { UsageError } from '../../contract/errors.js';
import type { ConnectedPeer } from '../../session/peer.js';
import type { Group, GroupOptions, Receiver, SlowOptions } from '../../types/peers.js';
import { peerOf, ReceiverSet } from './receiver-set.js';
import { checkGroupOptions, type Policy, policyOf } from './slow-policy.js';

/** What there is of a group while somebody is in it. */
interface Circle {
  readonly members: Set<ConnectedPeer>;
  dropped: number;
}

const nobody: ReadonlySet<ConnectedPeer> = new Set();

/** The groups of a side. It knows only those in which somebody is, so that names cost nothing. */
export class Groups {
  private readonly circles = new Map<string, Circle>();
  /** In which groups a peer is: one who goes is looked for nowhere else. */
  private readonly memberships = new Map<ConnectedPeer, Set<string>>();

  constructor(private readonly roster: PeerRegistry) {}

  /** The group of a name. Throws a UsageError for what is no name, and for options that do not fit. */
  group(name: string, options: GroupOptions | undefined): Group {
    if (typeof name !== 'string') throw new UsageError(`a group has a text as its name, not ${String(name)}`);
    return new NamedGroup(this.roster, this, name, checkGroupOptions(options));
  }

  at(name: string): Readonly<Circle> | undefined {
    return this.circles.get(name);
  }

  /** In how many groups somebody is. */
  get size(): number {
    return this.circles.size;
  }

  add(name: string, peer: ConnectedPeer): void {
    let circle = this.circles.get(name);
    if (circle === undefined) {
      circle = { members: new Set(), dropped: 0 };
      this.circles.set(name, circle);
    }
    circle.members.add(peer);
    const names = this.memberships.get(peer);
    if (names === undefined) this.memberships.set(peer, new Set([name]));
    else names.add(name);
  }

  remove(name: string, peer: ConnectedPeer): void {
    this.forget(name, peer);
    const names = this.memberships.get(peer);
    if (names?.delete(name) && names.size === 0) this.memberships.delete(peer);
  }

  /** A peer leaves all its groups. */
  leave(peer: ConnectedPeer): void {
    const names = this.memberships.get(peer);
    if (names === undefined) return;
    this.memberships.delete(peer);
    for (const name of names) this.forget(name, peer);
  }

  private forget(name: string, peer: ConnectedPeer): void {
    const circle = this.circles.get(name);
    if (circle?.members.delete(peer) && circle.members.size === 0) this.circles.delete(name);
  }

  /** So many notifications to a group were dropped. */
  dropped(name: string, count: number): void {
    const circle = this.circles.get(name);
    if (circle !== undefined) circle.dropped += count;
  }
}

/** A way to the group of a name: it holds nothing but the name and a policy, and so may be thrown away. */
class NamedGroup extends ReceiverSet implements Group {
  declare private readonly groups: Groups;
  declare readonly policy: Policy | undefined;

  constructor(
    roster: PeerRegistry,
    groups: Groups,
    readonly name: string,
    options: GroupOptions,
  ) {
    super(roster);
    Object.defineProperties(this, { groups: { value: groups }, policy: { value: this.policyWith(options) } });
  }

  policyWith(options: SlowOptions): Policy | undefined {
    return policyOf(options, this.name, (count) => this.groups.dropped(this.name, count));
  }

  members(): ReadonlySet<ConnectedPeer> {
    return this.groups.at(this.name)?.members ?? nobody;
  }

  get size(): number {
    return this.members().size;
  }

  get dropped(): number {
    return this.groups.at(this.name)?.dropped ?? 0;
  }

  protected holds(peer: ConnectedPeer): boolean {
    return this.members().has(peer);
  }

  add(...receivers: readonly Receiver[]): this {
    const sessions = receivers.map((receiver) => this.roster.find(receiver));
    for (const { over, peer } of sessions) if (over === undefined) this.groups.add(this.name, peer as ConnectedPeer);
    return this;
  }

  remove(...receivers: readonly Receiver[]): this {
    for (const receiver of receivers) {
      const peer = peerOf(this.roster, receiver);
      if (peer !== undefined) this.groups.remove(this.name, peer);
    }
    return this;
  }
}

letTakeOut(NamedGroup.prototype, ['add', 'remove']);
