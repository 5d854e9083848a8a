import { type Accept, type Frame, type Receiver, type TransportMaker, UsageError } from '../../src/index.js';

/** Who has subscribed to what: `*` at the end of a topic is anything. */
type Room = Set<{ readonly topic: string; take(frames: readonly Frame[]): void }>;

const rooms = new Map<string, Room>();

/** A transport with topics, which all transports of one room share; otherwise it is that of the address. */
export function withTopics(address: string, name: string, log: string[] = []): TransportMaker {
  return async (wire) => {
    const transport = await wire.transport(address, wire.listen);
    const room: Room = rooms.get(name) ?? new Set();
    rooms.set(name, room);
    const receivers: Receiver[] = [];
    const own = new Set<() => void>();
    const { open, close } = transport;
    return Object.assign(transport, {
      open: (accept: Accept) =>
        open.call(transport, (link) => {
          const receiver = accept(link);
          receivers.push(receiver);
          return receiver;
        }),
      close: () => {
        for (const each of own) each();
        return close.call(transport);
      },
      publish(topic: string, frames: readonly Frame[]) {
        if (topic.includes('*')) throw new UsageError(`"${topic}" has a wildcard: nothing can be sent to it`);
        log.push(`publish ${topic} ${frames.length}`);
        for (const each of room) {
          const fits = each.topic.endsWith('*') ? topic.startsWith(each.topic.slice(0, -1)) : topic === each.topic;
          if (fits) queueMicrotask(() => each.take(frames));
        }
      },
      async subscribe(topic: string) {
        if (topic === 'secret') throw new UsageError('the broker does not allow it');
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`subscribe ${topic}`);
        const entry = {
          topic,
          take(frames: readonly Frame[]) {
            for (const frame of frames) receivers[0]?.receive(frame);
          },
        };
        const end = (): void => {
          if (room.delete(entry)) log.push(`end ${topic}`);
          own.delete(end);
        };
        room.add(entry);
        own.add(end);
        return async () => end();
      },
    });
  };
}
