import { printable } from '../base/quote.js';
import type { Link } from '../contract/contract.js';
import { ConnectionLost, UsageError } from '../contract/errors.js';
import { ConnectedPeer } from '../session/connected-peer.js';
import { CallSender } from '../session/incoming-calls/call-sender.js';
import { unsent } from '../session/outgoing-calls/lost-calls.js';
import type { Session, SessionHost } from '../session/session.js';
import type { Peer, Receiver, Receivers, Several, Topic } from '../types/peers.js';
import { isPeerSet, PEERS_OF, type PeerSet } from './peer-set.js';
import { NOT_SENT, type SideState, whyNotOpen } from './side-states.js';

/** How many characters are shown of why a link has ended. */
const LONGEST = 500;

/** The peers of a side: the connected ones, and those that a call addresses. */
export class PeerRegistry {
  readonly peers = new Map<string, ConnectedPeer>();
  private only: Session | undefined;
  /** While a side that dials opens another transport: its links. Once there is a peer over one, a call to everybody goes to these alone. */
  private nextLinks: WeakSet<Link> | undefined;
  /** Through what sessions are called whose calls have to wait; undefined where there is no such session. */
  private redirected: Map<Session, Session> | undefined;
  /** What the link of the last peer that has left ended with. */
  private lastEnd: string | undefined;

  /** `host` is the side whose peers these are, `state` where it is; `removed` is called with each that is removed. */
  constructor(
    private readonly host: SessionHost,
    readonly state: () => SideState,
    private readonly removed: (peer: ConnectedPeer) => void,
  ) {}

  /** A peer is there. Where its name is taken, it gets another one. */
  add(peer: ConnectedPeer): void {
    const name = peer.id;
    const isTaken = (): boolean => (this.peers.get(peer.id) ?? peer) !== peer;
    for (let n = 2; isTaken(); n++) peer.id = `${name}~${n}`;
    this.peers.set(peer.id, peer);
    this.updateOnly();
  }

  /** Removes the peer from the receivers; those that hold it can still name it. */
  remove(peer: ConnectedPeer): void {
    const isKnown = this.peers.get(peer.id) === peer;
    if (isKnown) this.peers.delete(peer.id);
    this.removed(peer);
    if (isKnown) this.updateOnly();
  }

  /** Its link has ended, for this reason. */
  leave(peer: ConnectedPeer, reason: Error | undefined): void {
    // That of a brief link is in no list.
    if (peer.session.link.brief === true) this.removed(peer);
    else {
      this.remove(peer);
      this.lastEnd = reason?.message;
    }
  }

  /**
   * Another transport is opened, which has these links, or was: both may lead to the same peer, and a call to everybody is made over one of
   * them.
   */
  changes(nextLinks: WeakSet<Link> | undefined): void {
    this.nextLinks = nextLinks;
    this.updateOnly();
  }

  // The only peer, as every client has, is found without looking for it.
  private updateOnly(): void {
    const all = this.peers.size === 1 || this.nextLinks !== undefined ? this.allSessions() : [];
    this.only = all.length === 1 ? all[0] : undefined;
  }

  /** Calls to the peer of a session go through another one from now on; undefined: to the session itself again. */
  redirect(session: Session, through: Session | undefined): void {
    this.redirected ??= new Map();
    if (through !== undefined) this.redirected.set(session, through);
    else if (this.redirected.delete(session) && this.redirected.size === 0) this.redirected = undefined;
    this.updateOnly();
  }

  /** What is called for a peer. */
  private sessionToCall({ session }: { readonly session: Session }): Session {
    return this.redirected?.get(session) ?? session;
  }

  /** The session of one receiver; undefined where there may be several. Throws ConnectionLost for one who is not there. */
  single(receivers: Receivers): Session | undefined {
    if (receivers === null) return this.only;
    return isSeveral(receivers) ? undefined : this.sessionOf(receivers);
  }

  /**
   * The sessions of several receivers, each once. A peer who has gone meanwhile is left out; throws ConnectionLost for an id
   * that names nobody, or where nobody is left.
   */
  several(receivers: Receivers): Session[] {
    const sessions = this.each(receivers).filter((session) => session.ended === undefined);
    if (sessions.length === 0) throw this.absent('none of the receivers is connected');
    return sessions;
  }

  /** The same for a notification: no peer at all, an empty list or an empty group is not a mistake then. */
  sessionsOf(receivers: Receivers): Session[] {
    if (receivers === null) return this.allSessions();
    if (isPeerSet(receivers)) return this.sessionsOfSet(receivers).filter((session) => session.ended === undefined);
    return Array.isArray(receivers) && receivers.length === 0 ? [] : this.several(receivers);
  }

  /**
   * The sessions of the receivers, each once, in their order, with those of peers who have gone meanwhile. Throws
   * ConnectionLost for an id that names nobody, or where there is nobody.
   */
  each(receivers: Receivers): Session[] {
    const sessions = this.sessions(receivers);
    if (sessions.length > 0) return sessions;
    const empty = isPeerSet(receivers) && this.peers.size > 0;
    throw this.absent(empty ? 'the group is empty' : this.noPeer());
  }

  private noPeer(): string {
    const { lastEnd } = this;
    return lastEnd === undefined
      ? 'no peer is connected'
      : `no peer is connected any more: ${printable(lastEnd, LONGEST)}`;
  }

  /** The error for an absent receiver. On a side that is not open, it says that instead. */
  private absent(otherwise: string): ConnectionLost {
    return new ConnectionLost(whyNotOpen(this.state()) ?? otherwise, NOT_SENT);
  }

  private sessions(receivers: Receivers): Session[] {
    if (receivers === null) return this.allSessions();
    if (isPeerSet(receivers)) return this.sessionsOfSet(receivers);
    return [...new Set((isList(receivers) ? receivers : [receivers as Receiver]).map((one) => this.find(one)))];
  }

  /** The peers that a call would go to now; none where it would fail. Never throws. */
  addressedPeers(receivers: Receivers): readonly Peer[] {
    try {
      return this.sessionsOf(receivers).map(({ peer }) => peer as Peer);
    } catch {
      // The call itself throws the reason.
      return [];
    }
  }

  /** The sessions of every connected peer. */
  allSessions(): Session[] {
    const { nextLinks } = this;
    const all = [...this.peers.values()];
    const next = nextLinks === undefined ? [] : all.filter(({ session }) => nextLinks.has(session.link));
    return (next.length > 0 ? next : all).map((peer) => this.sessionToCall(peer));
  }

  private sessionsOfSet(set: PeerSet): Session[] {
    const sessions: Session[] = [];
    for (const peer of set[PEERS_OF](this)) sessions.push(this.sessionToCall(peer));
    return sessions;
  }

  private sessionOf(receiver: Receiver): Session {
    const session = this.find(receiver);
    if (session.ended !== undefined) throw unsent(session.ended);
    return session;
  }

  /** On the link of another side, another spec would be spoken, perhaps in another codec. */
  private sessionOfOwn(peer: ConnectedPeer): Session {
    const { id, session } = peer;
    if (session.host === this.host) return this.sessionToCall(peer);
    throw new UsageError(`the peer "${id}" belongs to another side`);
  }

  /** The session of a receiver, also of one that has gone. Throws ConnectionLost for an unknown id. */
  find(receiver: Receiver): Session {
    if (typeof receiver === 'string') {
      const peer = this.peers.get(receiver);
      if (peer === undefined) throw this.absent(`no peer is called "${receiver}"`);
      return this.sessionToCall(peer);
    }
    if (receiver instanceof CallSender) return this.sessionOfOwn(receiver.peer);
    if (receiver instanceof ConnectedPeer) return this.sessionOfOwn(receiver);
    throw new UsageError(
      `a receiver must be a sender, a peer or the id of one, not ${describe(receiver)}; the first argument of an outgoing method is its receivers, null for every peer`,
    );
  }
}

function isList(receivers: Receivers): receivers is readonly Receiver[] {
  return Array.isArray(receivers);
}

function isSeveral(receivers: Receivers): receivers is readonly Receiver[] | Several | Topic {
  return isList(receivers) || isPeerSet(receivers);
}

function describe(value: unknown): string {
  if (isPeerSet(value)) return 'a group or a topic within an array: pass it alone';
  return typeof value === 'object' ? 'another object' : String(value);
}
