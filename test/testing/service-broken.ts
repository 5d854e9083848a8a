import { parseAddress } from '../../src/contract/address.js';
import type { Link, Receiver, Transport, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { ServiceCase } from '../../src/testing/index.js';
import memory from '../../transports/memory.js';
import { serviceRoom } from '../../transports/shared/memory/service.js';
import type { ServiceRoom } from '../../transports/shared/memory/service-room.js';

/** What is wrong with a service in memory. */
export interface Breakage {
  /** Changes a link before it is accepted. */
  link?(link: Link): void;
  /** Changes what its receiver is told. `all` has the receivers of all clients, in their order, that of the service first. */
  receiver?(receiver: Receiver, link: Link, all: readonly Receiver[][]): Partial<Receiver> | undefined;
  server?(server: Transport): void;
  room?(room: ServiceRoom): void;
  /** Clients do not learn which server has a call. */
  readonly blind?: boolean;
}

let rooms = 0;

/** A case of the suite whose engine is broken; unbroken without a breakage. */
export function brokenService({ link, receiver, server, room, blind }: Breakage = {}): ServiceCase {
  const name = (): string => `broken${rooms}`;
  const make = (wire: Wire): Transport =>
    memory(parseAddress(`memory:${name()}?service&callBeat=100${blind === true ? '&blind' : ''}`), wire);
  let all: Receiver[][] = [];
  return {
    name: 'broken',
    fresh() {
      rooms++;
      all = [];
      room?.(serviceRoom(name()));
    },
    server(wire) {
      const made = make(wire);
      server?.(made);
      return made;
    },
    client(wire) {
      const made = make(wire);
      const mine: Receiver[] = [];
      all.push(mine);
      const open: Transport['open'] = (accept) =>
        Object.getPrototypeOf(made).open.call(made, (each: Link) => {
          link?.(each);
          const real = accept(each);
          mine.push(real);
          const changed = receiver?.(real, each, all);
          return changed === undefined ? real : { ...bound(real), ...changed };
        });
      return Object.assign(made, { open });
    },
    async interrupt() {
      serviceRoom(name()).isAway = true;
      return () => {
        serviceRoom(name()).isAway = false;
      };
    },
  };
}

function bound(receiver: Receiver): Receiver {
  return {
    receive: (frame) => receiver.receive(frame),
    drained: () => receiver.drained(),
    closed: (reason) => receiver.closed(reason),
    outcome: (id, answer) => receiver.outcome?.(id, answer),
  };
}

/** Changes `dispatch` of a link to a service. */
function dispatching(link: Link, change: (dispatch: NonNullable<Link['dispatch']>) => Link['dispatch']): void {
  if (link.dispatch !== undefined) link.dispatch = change(link.dispatch.bind(link)) as NonNullable<Link['dispatch']>;
}

let count = 0;
let members: Link[] = [];

/** What may be wrong, the test that finds it, and what its error says. */
export const breakages: Readonly<Record<string, readonly [breakage: Breakage, test: string, says: RegExp]>> = {
  'sends each call twice': [
    { link: (link) => dispatching(link, (d) => (frames, call) => d(frames, call) && d(frames, call)) },
    'gives each call to exactly one server',
    /deep-equal/,
  ],
  'loses calls': [
    { link: (link) => dispatching(link, (d) => (frames, call) => (++count % 10 === 0 ? undefined : d(frames, call))) },
    'gives each call to exactly one server',
    /250 calls, 225 are there/,
  ],
  'gives all calls to one server, while there are several': [
    { room: (room) => Object.assign(room, { inTurn: () => [...room.servers.values()] }) },
    'gives each of four servers a share of the calls',
    /the servers have received 400, 0, 0, 0/,
  ],
  'lets calls overtake each other': [
    {
      link: (link) =>
        dispatching(link, (d) => (frames, call) => {
          if (++count % 5 === 0) setTimeout(() => void d(frames, call), 1);
          else d(frames, call);
          return undefined;
        }),
    },
    'keeps the order of what a client sends to one server',
    /call \d+ has arrived after call \d+/,
  ],
  'delivers all answers over the link to the service': [
    {
      receiver: (_receiver, link, all) =>
        link.service && { receive: (frame) => (all.at(-1) as Receiver[])[0]?.receive(frame) },
    },
    'delivers the answers of each server over one link of its own, which names the service',
    /answers of different servers came over the same link/,
  ],
  'delivers answers over the link of another server': [
    {
      receiver: (receiver, link, all) =>
        link.service && {
          receive: (frame) => ((all.at(-1) as Receiver[])[1 + (++count % 2)] ?? receiver).receive(frame),
        },
    },
    'returns from dispatch the link over which the answer comes, or nothing',
    /was answered over another link/,
  ],
  'delivers answers to another client': [
    {
      receiver: (receiver, link, all) =>
        link.service && {
          receive: (frame) => {
            const client = all.findIndex((each) => each.includes(receiver));
            const other = all[(client + 1) % all.length] as Receiver[];
            (other.find((each, at) => at > 0 && each !== receiver) ?? receiver).receive(frame);
          },
        },
    },
    'gives each of several clients the answers to its own calls, whose ids are equal',
    /deep-equal/,
  ],
  'brings up members that name no service': [
    { link: (link) => link.service && Object.assign(link, { service: undefined }) },
    'names no link in `service` but its own link to the service',
    /deep-equal/,
  ],
  'returns the link of another server from dispatch': [
    {
      link: (link) => {
        if (link.service !== undefined) members.push(link);
        else members = [];
        dispatching(link, (d) => (frames, call) => {
          d(frames, call);
          return members[0];
        });
      },
    },
    'returns from dispatch the link over which the answer comes, or nothing',
    /was answered over another link/,
  ],
  'does not withdraw': [
    { blind: true, link: (link) => link.withdraw && Object.assign(link, { withdraw() {} }) },
    'lets a client cancel a call at the server that has it',
    /call 1, and that it is cancelled/,
  ],
  'withdraws over the links of all clients': [
    {
      blind: true,
      link: (link) =>
        link.withdraw &&
        Object.assign(link, {
          withdraw: (_id: number, frames: Parameters<Link['send']>[0]) => {
            for (const client of serviceRoom(`broken${rooms}`).clients.values())
              for (const { here } of client.members) here.send(frames);
          },
        }),
    },
    'lets a client cancel a call at the server that has it',
    /call 1 was cancelled 2 times/,
  ],
  'reports no outcome where nobody serves': [
    { receiver: (_receiver, link) => (link.anycast === true ? { outcome() {} } : undefined) },
    'reports the outcome of a call at once if nobody serves: it was not carried out',
    /the outcome of call 1/,
  ],
  'reports that a call may have been carried out, and nobody serves': [
    {
      receiver: (receiver, link) =>
        link.anycast === true
          ? { outcome: (id: number) => receiver.outcome?.(id, new ConnectionLost('nobody serves')) }
          : undefined,
    },
    'reports the outcome of a call at once if nobody serves: it was not carried out',
    /nobody has received the call/,
  ],
  'separates a header from its message': [
    {
      link: (link) =>
        dispatching(link, (d) => (frames, call) => {
          for (const frame of frames) d([frame], call);
          return undefined;
        }),
    },
    'keeps a header and its message together, and gives them to one server',
    /deep-equal/,
  ],
  'cuts large calls off': [
    {
      link: (link) => dispatching(link, (d) => (frames, call) => d([(frames[0] as string).slice(0, 65_536)], call)),
    },
    'carries frames up to its own maxFrame, in calls and in answers',
    /came as 65536/,
  ],
  'gives calls to a server that is retired': [
    { server: (server) => Object.assign(server, { async retire() {} }) },
    'gives a retired server no more calls, and carries the answers of those that it has',
    /the calls at the other server/,
  ],
  'does not report the end of a member': [
    { receiver: (_receiver, link) => link.service && { closed() {} } },
    'gives the calls to the others when a server is closed, and reports the end of its link',
    /the end of the link to/,
  ],
  'keeps the links of members when a client is closed': [
    { link: (link) => link.service && Object.assign(link, { close() {} }) },
    'ends its links when a client is closed, and those at the servers',
    /the link to broken/,
  ],
  'reports an end twice': [
    {
      receiver: (receiver) => ({
        closed: (reason) => {
          receiver.closed(reason);
          receiver.closed(reason);
        },
      }),
    },
    'ends the links of members with the link to the service, once, however often that is closed',
    /closed was called 2 times/,
  ],
  'broadcasts only to clients that have called': [
    {
      server: (server) =>
        Object.assign(server, {
          broadcast(frames: Parameters<Link['send']>[0]) {
            for (const each of (server as unknown as { links: Set<Link> }).links) each.send(frames);
          },
        }),
    },
    'sends what a server broadcasts to each client exactly once, also to one that has not called',
    /broadcasts, 0 are there/,
  ],
  'broadcasts twice': [
    {
      server(server) {
        const once = server.broadcast?.bind(server);
        server.broadcast = (frames) => {
          once?.(frames);
          once?.(frames);
        };
      },
    },
    'sends what a server broadcasts to each client exactly once, also to one that has not called',
    /deep-equal/,
  ],
  'loses what is sent during an interruption': [
    {
      room: (room) => {
        room.whenBack = (job) => {
          if (!room.isAway) job();
        };
      },
    },
    'is away while the connection is interrupted, and delivers afterwards what was sent',
    /what was sent, and the end of `away`/,
  ],
  'expects reports that its servers do not send': [
    { link: (link) => link.anycast === true && Object.defineProperty(link, 'callBeat', { value: 10 }) },
    'says of its links only what agrees with each other',
    /a client waits for reports each 10 ms, and its server sends them each 100 ms/,
  ],
};
