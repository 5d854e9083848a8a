import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { codec as codecOf, type GroupOptions } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { Spec } from './spec.js';

const text = 'x'.repeat(20_000);

it.each(['jrpc', 'msgpack'])(
  'notifications to a peer that does not read are dropped, over ws with %s',
  async (name) => {
    const codec = await codecOf(name);
    const server = await Spec.serve('ws://127.0.0.1:0', { codec: name, logger: null });
    const options: GroupOptions = { slow: 'drop-oldest', keep: 10 };
    const healthy: number[] = [];
    const friend = await Spec.invert().connect(server.address, { codec: name, logger: null });
    friend.tick.connect((_server, { n }) => void healthy.push(n as number));
    await until(() => server.peers.size === 1);
    const socket = new WebSocket(server.address, [`obverse.${name}`]);
    const heard: number[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      const frame = isBinary ? new Uint8Array(data) : data.toString();
      codec.decode(
        frame,
        (message) => {
          if (message.kind !== 'call' || message.method !== 'tick') return;
          heard.push((message.args[0] as { n: number }).n);
        },
        true,
      );
    });
    socket.once('open', () => socket.pause());
    await until(() => server.peers.size === 2 && socket.isPaused);
    const group = server.group('all', options).add(...server.peers.keys());
    let n = 0;
    while (group.dropped < 200) {
      server.tick(group, { n, text });
      n++;
      await until(() => healthy.length === n);
    }
    socket.resume();
    await until(() => heard.at(-1) === n - 1);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(heard.length).toBe(n - group.dropped);
    expect(heard.slice(-10)).toEqual(Array.from({ length: 10 }, (_, k) => n - 10 + k));
    socket.terminate();
    await friend.close();
    await server.close();
  },
);
