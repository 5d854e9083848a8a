import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Dealer, Push } from 'zeromq';
import { type Contestant, compare } from './measure.js';
import { NOTES, Sums } from './zmq-spec.js';

const LEAST = 0.9;
const params = { a: 2, b: 40 };

/** Calls of a worker in another process, and notifications to it, each beside what is written by hand with the bare client. */
export async function bench(): Promise<boolean> {
  const worker = fork(new URL('./zmq-worker.js', import.meta.url));
  const [addresses] = (await once(worker, 'message')) as [Record<string, string>];
  const at = (name: string): string => addresses[name] as string;
  try {
    const callers = [callByHand(at('calls')), call('jrpc', at('calls, jrpc')), call('msgpack', at('calls, msgpack'))];
    const bars = ['jrpc', 'msgpack'].map((codec) => ({ of: `Obverse, ${codec}`, to: 'by hand', least: LEAST }));
    const calls = await compare({ contestants: callers, bars, inFlight: 64, rounds: 5, ms: 2_000 });
    const one = await compare({ contestants: callers, bars: [], inFlight: 1, rounds: 5, ms: 500 });
    const series = new Series(worker);
    const writers = [
      noteByHand(at('notes'), series),
      note('jrpc', at('notes, jrpc'), series),
      note('msgpack', at('notes, msgpack'), series),
    ];
    console.log(`a pipeline, ${NOTES.toLocaleString('en')} notifications as one call:`);
    // Short ones beside each other: what else the machine does meets all of them.
    const notes = await compare({ contestants: writers, bars, inFlight: 2, rounds: 40, ms: 250 });
    return calls && one && notes;
  } finally {
    worker.disconnect();
    await once(worker, 'exit');
  }
}

/** What somebody writes who needs speed: ids of their own, and nothing that waits for a message to be sent. */
function callByHand(address: string): Contestant {
  return {
    name: 'by hand',
    open: async () => {
      const socket = new Dealer({ sendTimeout: 0 });
      socket.connect(address);
      const pending = new Map<number, (result: number) => void>();
      void (async () => {
        for await (const [text] of socket) {
          const { id, result } = JSON.parse(String(text)) as { id: number; result: number };
          pending.get(id)?.(result);
          pending.delete(id);
        }
      })();
      let last = 0;
      const call = (): Promise<number> =>
        new Promise((resolve) => {
          const id = ++last;
          pending.set(id, resolve);
          void socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'add', params }));
        });
      return { call, close: async () => socket.close() };
    },
  };
}

function call(codec: 'jrpc' | 'msgpack', address: string): Contestant {
  return {
    name: `Obverse, ${codec}`,
    open: async () => {
      const side = await Sums.invert().connect(address, { codec });
      return { call: () => side.remote.add(params), close: () => side.close() };
    },
  };
}

/** The series of notifications whose last one has not arrived yet, by the name of their writer. */
class Series {
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(worker: ChildProcess) {
    worker.on('message', (name: string) => this.waiting.get(name)?.shift()?.());
  }

  arrives(name: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.waiting.get(name) ?? [];
      this.waiting.set(name, queue);
      queue.push(resolve);
    });
  }
}

function noteByHand(address: string, series: Series): Contestant {
  return {
    name: 'by hand',
    open: async () => {
      const socket = new Push();
      socket.connect(address);
      let writing = Promise.resolve();
      const call = async (): Promise<void> => {
        const arrived = series.arrives('bare');
        // One message at a time may wait.
        writing = writing.then(async () => {
          for (let n = 0; n < NOTES; n++)
            await socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'note', params: { n } }));
        });
        await arrived;
      };
      return { call, close: async () => socket.close() };
    },
  };
}

function note(codec: 'jrpc' | 'msgpack', address: string, series: Series): Contestant {
  return {
    name: `Obverse, ${codec}`,
    open: async () => {
      const side = await Sums.invert().connect(address, { codec });
      const call = async (): Promise<void> => {
        const arrived = series.arrives(codec);
        for (let n = 0; n < NOTES; n++) side.remote.note({ n });
        await arrived;
      };
      return { call, close: () => side.close() };
    },
  };
}
