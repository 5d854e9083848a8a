import { join } from 'node:path';
import type { CallOptions } from 'obverse';
import { deleteRows, deleteStreams } from './clean.js';

/** Where those who serve do so, each under its name, and where the others connect. */
export interface Place {
  serve(name: string): string;
  readonly connect: string;
}

/** The three addresses of the shop. The rest of the example does not know what is behind them. */
export interface Places {
  readonly service: Place;
  readonly queue: Place;
  readonly news: Place;
  /** Whether the work of a process that is killed waits for another one. */
  readonly keeps: boolean;
  /** Removes what is left on a server. */
  clean?(): Promise<void>;
}

/** Who serves at each place. */
export const names = {
  shops: ['shop-1', 'shop-2'],
  workers: ['worker-1', 'worker-2', 'worker-3'],
  subscribers: ['mail', 'accounts'],
} as const;

/** Options of a call that is stored once, however often it is made. ZeroMQ stores nothing, and refuses them. */
export const once = (key: string, address: string): CallOptions =>
  address.startsWith('zmq') ? {} : { delivery: { key } };

/** `inFlight`: how much a worker takes at a time. `lease`: after how many ms what a killed process had goes to another one. */
const WORKER = 'inFlight=2&lease=1000';

/** Where the shop is over the transport of a URL. `folder` is an empty one, and no other run has the name `run`. */
export function placesAt(url: string, folder: string, run: string): Places {
  const [base = '', query = ''] = url.split('?');
  const at = (address: string, ...options: string[]): string =>
    [address, [query, ...options].filter((option) => option !== '').join('&')].filter((part) => part !== '').join('?');

  switch (url.split(':')[0]) {
    case 'sqlite': {
      const file = base === 'sqlite:' ? `sqlite:${join(folder, 'orders.db')}` : base;
      return { ...database((...options) => at(file, ...options), folder, run), keeps: true };
    }
    case 'postgres':
    case 'postgresql': {
      const places = database((...options) => at(base, ...options), folder, run);
      return { ...places, keeps: true, clean: () => deleteRows(url, run) };
    }
    case 'nats': {
      const subject = (name: string): string => `${base.replace(/\/$/, '')}/${run}.${name}`;
      const stream = (name: string): string => at(subject(name), `stream=${run}-${name}`);
      return {
        service: { serve: () => at(subject('shop'), 'beat=200'), connect: at(subject('shop')) },
        queue: { serve: () => `${stream('orders')}&${WORKER}`, connect: stream('orders') },
        news: { serve: (name) => `${stream('news')}&consumer=${name}&lease=1000`, connect: stream('news') },
        keeps: true,
        clean: () => deleteStreams(url, [`${run}-orders`, `${run}-news`]),
      };
    }
    case 'zmq+tcp':
      return { ...sockets(base, at), keeps: false };
    default:
      throw new Error(
        `expected sqlite:, sqlite:FILE, nats://HOST, postgres://USER@HOST/DATABASE or zmq+tcp://HOST:PORT, not "${url}"`,
      );
  }
}

/** Queues in a database. The service is beside it: the customer knows the sockets of the shops, and finds those that are there. */
function database(at: (...options: string[]) => string, folder: string, run: string) {
  const socket = (name: string): string => `unix:${join(folder, `${name}.sock`)}`;
  const [orders, news] = [`queue=${run}-orders`, `queue=${run}-news`];
  return {
    service: { serve: socket, connect: `balance:${names.shops.map((name) => `(${socket(name)})`).join('')}` },
    queue: { serve: () => at(orders, WORKER), connect: at(orders) },
    news: { serve: (name: string) => at(news, `reader=${name}`, 'lease=1000'), connect: at(news, 'readers=on') },
  };
}

/** Sockets of ZeroMQ: everyone who serves has one, with the ports from that of the URL on. */
function sockets(base: string, at: (address: string, ...options: string[]) => string) {
  const [, host = '', port = ''] = /^zmq\+tcp:\/\/(.+):(\d+)$/.exec(base) ?? [];
  const { shops, workers, subscribers } = names;
  const all: readonly string[] = [...shops, ...workers, ...subscribers];
  const last = 65_536 - all.length;
  if (port === '' || Number(port) < 1 || Number(port) > last)
    throw new Error(
      `expected zmq+tcp://HOST:PORT with a port from 1 to ${last}, as in zmq+tcp://127.0.0.1:5600, not "${base}"`,
    );
  const endpoint = (name: string): string => `${host}:${Number(port) + all.indexOf(name)}`;
  const place = (serving: readonly string[], option: string): Place => ({
    serve: (name) => at(`zmq+tcp://${endpoint(name)}`, option),
    connect: at(`zmq+tcp://${serving.map(endpoint).join(',')}`, option),
  });
  return {
    service: place(shops, 'role=rpc'),
    queue: place(workers, 'role=pipeline'),
    news: place(subscribers, 'role=pubsub'),
  };
}
