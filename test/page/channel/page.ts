import { registerCodec } from 'obverse';
import msgpack from 'obverse/codecs/msgpack';
import { Talk } from '../../transports/given/spec.js';

/* Two ends of a data channel in one page, each with a side. */

registerCodec('msgpack', msgpack);

interface Channel {
  readyState: string;
  onopen: () => void;
}
interface Connection {
  onicecandidate: (event: { candidate: object | null }) => void;
  ondatachannel: (event: { channel: Channel }) => void;
  createDataChannel(label: string, options?: object): Channel;
  createOffer(): Promise<object>;
  createAnswer(): Promise<object>;
  setLocalDescription(description: object): Promise<void>;
  setRemoteDescription(description: object): Promise<void>;
  addIceCandidate(candidate: object): Promise<void>;
  close(): void;
}
const { RTCPeerConnection } = globalThis as unknown as { RTCPeerConnection: new () => Connection };

async function open(codec: string, options: object = {}) {
  const near = new RTCPeerConnection();
  const far = new RTCPeerConnection();
  near.onicecandidate = ({ candidate }) => void (candidate && far.addIceCandidate(candidate));
  far.onicecandidate = ({ candidate }) => void (candidate && near.addIceCandidate(candidate));
  const channel = near.createDataChannel('talk');
  const serving = new Promise<Awaited<ReturnType<typeof serve>>>((resolve) => {
    far.ondatachannel = ({ channel: other }) => resolve(serve(other, codec));
  });
  await near.setLocalDescription(await near.createOffer());
  await far.setRemoteDescription(await (near as unknown as { localDescription: object }).localDescription);
  await far.setLocalDescription(await far.createAnswer());
  await near.setRemoteDescription((far as unknown as { localDescription: object }).localDescription);
  // It may still be opening.
  const client = await Talk.invert().connect({ url: 'socket:', socket: channel, ...options }, { codec });
  return { near, far, client, server: await serving };
}

async function serve(channel: Channel, codec: string) {
  const side = await Talk.serve({ url: 'ws:', socket: channel }, { codec, logger: null });
  side.twice.connect((_sender, { n }) => n * 2);
  side.size.connect((_sender, { text }) => text.length);
  return side;
}

const failure = ({ name, message }: Error): string => `${name}: ${message}`;

const talk = {
  /** Calls in both directions, small and large, until the client ends. */
  async all(codec: string) {
    const { near, far, client, server } = await open(codec);
    const told: number[] = [];
    client.told.connect((_sender, { n }) => void told.push(n));
    const twice = await Promise.all(Array.from({ length: 2_000 }, (_, n) => client.remote.twice({ n })));
    for (let n = 0; n < 100; n++) server.told(null, { n });
    // More than a data channel buffers: 16 MiB.
    const sizes = await Promise.all(
      Array.from({ length: 110 }, () => client.remote.size({ text: 'x'.repeat(200_000) })),
    );
    const tooLarge = await client.remote.size({ text: 'x'.repeat(300_000) }).catch(failure);
    const after = await client.remote.twice({ n: 4 });
    const gone = new Promise<string>((resolve) => {
      server.on('disconnect', () => resolve('gone'));
    });
    await client.close();
    const end = await gone;
    near.close();
    far.close();
    return {
      twice: twice.every((each, n) => each === n * 2),
      told: told.length,
      sizes: new Set(sizes).size,
      tooLarge,
      after,
      end,
    };
  },

  /** The other end of the connection goes. */
  async cut() {
    const { near, far, client, server } = await open('jrpc');
    server.twice.connect(() => new Promise<never>(() => {}));
    server.size.connect(() => new Promise<never>(() => {}));
    const call = client.remote.size({ text: '' }).catch(failure);
    far.close();
    const lost = await call;
    near.close();
    return lost;
  },

  /** Options and channels that do not fit. */
  async refused() {
    const connection = new RTCPeerConnection();
    const dial = (socket: object) =>
      Talk.invert()
        .connect({ url: 'socket:', socket })
        .then(() => 'open', failure);
    const closed = connection.createDataChannel('closed');
    (closed as unknown as { close(): void }).close();
    const answers = [
      await dial(connection.createDataChannel('a', { ordered: false })),
      await dial(connection.createDataChannel('b', { maxRetransmits: 1 })),
      await dial(connection),
      await dial(closed),
    ];
    connection.close();
    return answers;
  },
};
Object.assign(globalThis, { talk });
export type Talking = typeof talk;
