import { hostPort, readOptions } from '../src/contract/address.js';
import type { Address, Transport, Wire } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { framingFor } from '../src/contract/framing/framings.js';
import { UdpBus } from './shared/udp/bus.js';
import { Datagrams } from './shared/udp/datagrams.js';
import { UdpDialer } from './shared/udp/dial.js';
import { type GroupOptions, isMulticast, join } from './shared/udp/group.js';
import { nameOf } from './shared/udp/socket.js';

const EVERYONE = '255.255.255.255';
const FORGET_S = 60;
const PEERS = 1_024;

/**
 * Frames over UDP, one in each datagram, in the framing of the codec. Datagrams may be lost, duplicated or reordered,
 * and the other side is not notified of an end. The id of a peer is `ip:port`.
 *
 * - Listening at `udp://host:port` accepts datagrams from any sender; port 0 picks a free port.
 * - Dialing `udp://host:port` makes one link to that address.
 * - `udp:port`, `udp://255.255.255.255:port` and `udp://10.0.0.255:port?broadcast` are a bus on that port, and so is
 *   `udp://239.1.2.3:port`, a multicast group; serve and connect do the same. A call to all members is sent as one datagram; a member
 *   is known, and can be called, once a datagram from it has arrived.
 *
 * A peer is forgotten after 60 s of silence (`forget`, in seconds); if it sends again, it counts as a new peer. There
 * are at most 1,024 (`peers`); above that, a new peer replaces one that has not proved its address. Such a peer
 * receives at most three times the bytes of each of its datagrams, or 1,200 bytes, unless `trusted` states that
 * addresses cannot be forged. Further options: `framing`, `ttl`, and for a multicast group `interface`, the local
 * address of the interface to use, and `loopback`, whether other processes of this machine receive the datagrams (on).
 */
export default function udp(address: Address, wire: Wire): Transport {
  const options = readOptions(address, {
    framing: 'text',
    broadcast: 'flag',
    interface: 'text',
    ttl: 'number',
    loopback: 'flag',
    forget: 'number',
    peers: 'number',
    trusted: 'flag',
  });
  const framing = framingFor(options.framing, wire);
  const { host, port } = hostPort(address);
  const short = host === '' && !address.rest.startsWith('//');
  const target = { host: short ? EVERYONE : host, port };
  const multicast = isMulticast(target.host);
  const group = multicast || options.broadcast === true || target.host === EVERYONE;
  const query = queryOf({ framing: options.framing, broadcast: options.broadcast === true ? 'on' : undefined });
  const at = (name: string, number: number): string => `udp://${nameOf({ host: name, port: number })}${query}`;

  judge(options, { multicast, heard: group || wire.listen });
  const datagrams = new Datagrams(framing, wire);
  if (!group && !wire.listen) {
    if (port === 0)
      throw new UsageError(`"${address.text}" cannot be dialed: expected the port of the side that listens`);
    const dialed = { host: host === '' ? '127.0.0.1' : host, port };
    return new UdpDialer({ address: at(dialed.host, port), target: dialed, datagrams, ttl: options.ttl });
  }
  return new UdpBus(
    {
      at: { host: target.host === '' ? '0.0.0.0' : target.host, port },
      datagrams,
      wire,
      prepare: (shared, own) => {
        if (multicast) join(shared, own, target.host, options);
        else if (group) own.inner.setBroadcast(true);
        if (options.ttl !== undefined) own.inner.setTTL(options.ttl);
      },
      addressOf: (number) => at(group ? target.host : reachable(target.host), number),
      forgetMs: (options.forget ?? FORGET_S) * 1_000,
      most: Math.min(options.peers ?? PEERS, wire.limits.peers),
      trusted: options.trusted === true,
    },
    group,
  );
}

interface Options extends GroupOptions {
  readonly forget?: number | undefined;
  readonly peers?: number | undefined;
  readonly trusted?: boolean | undefined;
}

/** Refuses invalid numbers, and options that have no effect here. */
function judge(options: Options, { multicast, heard }: { multicast: boolean; heard: boolean }): void {
  const { ttl, forget, peers } = options;
  if (ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 1 && ttl <= 255)) {
    throw new UsageError(`udp: the option "ttl" must be a whole number from 1 to 255, not ${ttl}`);
  }
  if (forget !== undefined && !(forget > 0)) {
    throw new UsageError(`udp: the option "forget" must be a positive number of seconds, not ${forget}`);
  }
  if (peers !== undefined && !(peers >= 1))
    throw new UsageError(`udp: the option "peers" must be 1 or more, not ${peers}`);
  for (const name of ['interface', 'loopback'] as const) {
    if (options[name] !== undefined && !multicast)
      throw new UsageError(`udp: the option "${name}" is only for multicast groups`);
  }
  for (const name of ['forget', 'peers', 'trusted'] as const) {
    if (options[name] !== undefined && !heard) {
      throw new UsageError(
        `udp: the option "${name}" is only for a side that listens or a bus; this side dials one peer`,
      );
    }
  }
}

/** The host under which a listening side can be reached from this machine. */
function reachable(host: string): string {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function queryOf(options: Readonly<Record<string, string | undefined>>): string {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return set.length === 0 ? '' : `?${set.map(([name, value]) => `${name}=${value}`).join('&')}`;
}
