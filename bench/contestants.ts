import type { Load } from './run/load.js';

/** A part of the benchmark that can be run separately. */
export type Group = 'tcp' | 'ws' | 'worker' | 'bytes' | 'large' | 'memory';
export const groups: readonly Group[] = ['tcp', 'ws', 'worker', 'bytes', 'large', 'memory'];

/** The name of a load, in reports and bars. */
export type LoadName =
  | '1'
  | '64'
  | '1024'
  | 'notes'
  | 'bytes'
  | 'bytes2'
  | 'bytes16'
  | 'object2'
  | 'object16'
  | 'text2'
  | 'text16';

/** A load, and how many times longer than usual it takes until it is warm and can be measured. */
export interface NamedLoad {
  readonly load: Load;
  readonly title: string;
  readonly stretch: number;
}

export const loads: Readonly<Record<LoadName, NamedLoad>> = {
  '1': { load: { kind: 'calls', inFlight: 1 }, title: 'calls, 1 in flight', stretch: 1 },
  '64': { load: { kind: 'calls', inFlight: 64 }, title: 'calls, 64 in flight', stretch: 1 },
  '1024': { load: { kind: 'calls', inFlight: 1_024 }, title: 'calls, 1,024 in flight', stretch: 1 },
  notes: { load: { kind: 'notes' }, title: 'notifications', stretch: 1 },
  // The system's allocator reaches its speed for large blocks only after hundreds of them.
  bytes: { load: { kind: 'bytes', inFlight: 1 }, title: '1 MiB of bytes there and back', stretch: 4 },
  bytes2: { load: { kind: 'bytes', inFlight: 2 }, title: '1 MiB of bytes there and back, 2 in flight', stretch: 4 },
  bytes16: { load: { kind: 'bytes', inFlight: 16 }, title: '1 MiB of bytes there and back, 16 in flight', stretch: 4 },
  // The reference is warm, and some hundred calls do not warm up the others.
  object2: { load: { kind: 'object', inFlight: 2 }, title: '10 KB of objects there and back, 2 in flight', stretch: 4 },
  object16: {
    load: { kind: 'object', inFlight: 16 },
    title: '10 KB of objects there and back, 16 in flight',
    stretch: 4,
  },
  text2: { load: { kind: 'text', inFlight: 2 }, title: '1 MiB of text there and back, 2 in flight', stretch: 4 },
  text16: { load: { kind: 'text', inFlight: 16 }, title: '1 MiB of text there and back, 16 in flight', stretch: 4 },
};

/** The contestant that is measured before and after each other one, and by which its figure is divided. */
export function referenceOf(load: LoadName): string {
  if (load.startsWith('bytes')) return 'msgpackr-tcp';
  return load.startsWith('object') || load.startsWith('text') ? 'json-tcp' : 'array-ceiling';
}

/** The contestants, with their groups and loads. */
export interface Contestant {
  /** Also the name of its module in `adapters/`. */
  readonly name: string;
  readonly groups: Partial<Readonly<Record<Group, readonly LoadName[]>>>;
}

const all: readonly LoadName[] = ['1', '64', '1024', 'notes'];
const calls: readonly LoadName[] = ['1', '64', '1024'];
const values: readonly LoadName[] = ['object2', 'object16', 'text2', 'text16'];
const manyBytes: readonly LoadName[] = ['bytes2', 'bytes16'];

/** The reference is also a contestant: the deviation of its ratio from 1 shows how reliable the others are. */
export const contestants: readonly Contestant[] = [
  { name: 'array-ceiling', groups: { tcp: all, memory: [] } },
  { name: 'jsonrpc-ceiling', groups: { tcp: all } },
  { name: 'array-ceiling-parts', groups: { tcp: all } },
  { name: 'jsonrpc-ceiling-parts', groups: { tcp: all } },
  { name: 'obverse-jrpc-tcp', groups: { tcp: all, large: values, memory: [] } },
  {
    name: 'obverse-msgpack-tcp',
    groups: { tcp: all, bytes: ['bytes'], large: [...values, ...manyBytes], memory: [] },
  },
  { name: 'vscode-jsonrpc-tcp', groups: { tcp: all } },
  { name: 'obverse-jrpc-ws', groups: { ws: all, large: values } },
  { name: 'obverse-jrpc-ws-stranger', groups: { ws: all } },
  { name: 'json-rpc-2.0-ws', groups: { tcp: calls, ws: all } },
  { name: 'birpc-ws', groups: { tcp: calls, ws: all, large: values } },
  { name: 'rpc-websockets', groups: { ws: all } },
  { name: 'socket.io', groups: { ws: all } },
  { name: 'obverse-clone-worker', groups: { worker: calls } },
  { name: 'birpc-port', groups: { worker: calls } },
  { name: 'comlink-port', groups: { worker: calls } },
  { name: 'msgpackr-tcp', groups: { bytes: ['bytes'], large: manyBytes } },
  { name: 'json-tcp', groups: { large: values } },
  { name: 'json-ws', groups: { large: values } },
];
