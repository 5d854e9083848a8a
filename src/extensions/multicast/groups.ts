import type { PeerRegistry } from '../../api/peer-registry.js';
import { makeDetachable } from '../../base/bound-methods.js';
import { UsageError } from '../../contract/errors.js';
import type { ConnectedPeer } from '../../session/connected-peer.js';
import type { Group, GroupOptions, Receiver, SlowOptions } from '../../types/peers.js';
import { peerOf, ReceiverSet } from './receiver-set.js';
import { checkGroupOptions, type Policy, policyOf } from './slow-policy.js';

/** The state of a group that has members. */
interface GroupState {
  readonly members: Set<ConnectedPeer>;
  dropped: number;
}

const nobody: ReadonlySet<ConnectedPeer> = new Set();

/** The groups of a side. Only groups with members are kept, so that names cost nothing. */
export class Groups {
  private readonly groups = new Map<string, GroupState>();
  /** The groups of each peer, so that a peer that leaves is removed from these only. */
  private readonly memberships = new Map<ConnectedPeer, Set<string>>();

  constructor(private readonly registry: PeerRegistry) {}

  /** The group of a name. Throws a UsageError for an invalid name or invalid options. */
  group(name: string, options: GroupOptions | undefined): Group {
    if (typeof name !== 'string') throw new UsageError(`a group has a text as its name, not ${String(name)}`);
    return new NamedGroup(this.registry, this, name, checkGroupOptions(options));
  }

  at(name: string): Readonly<GroupState> | undefined {
    return this.groups.get(name);
  }

  /** How many groups have members. */
  get size(): number {
    return this.groups.size;
  }

  add(name: string, peer: ConnectedPeer): void {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = { members: new Set(), dropped: 0 };
      this.groups.set(name, group);
    }
    group.members.add(peer);
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
    const group = this.groups.get(name);
    if (group?.members.delete(peer) && group.members.size === 0) this.groups.delete(name);
  }

  /** Counts notifications to a group that were dropped. */
  dropped(name: string, count: number): void {
    const group = this.groups.get(name);
    if (group !== undefined) group.dropped += count;
  }
}

/** A handle of a group: it has only the name and a policy, and can be discarded. */
class NamedGroup extends ReceiverSet implements Group {
  declare private readonly groups: Groups;
  declare readonly policy: Policy | undefined;

  constructor(
    registry: PeerRegistry,
    groups: Groups,
    readonly name: string,
    options: GroupOptions,
  ) {
    super(registry);
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
    const sessions = receivers.map((receiver) => this.registry.find(receiver));
    for (const { ended, peer } of sessions) if (ended === undefined) this.groups.add(this.name, peer as ConnectedPeer);
    return this;
  }

  remove(...receivers: readonly Receiver[]): this {
    for (const receiver of receivers) {
      const peer = peerOf(this.registry, receiver);
      if (peer !== undefined) this.groups.remove(this.name, peer);
    }
    return this;
  }
}

makeDetachable(NamedGroup.prototype, ['add', 'remove']);
