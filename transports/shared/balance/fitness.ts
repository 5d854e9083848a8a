import type { Link, TransportSource } from '../../../src/contract/contract.js';
import type { Line } from './line.js';

/** Why a link cannot be that of a part. */
export function unfitness(line: Line, link: Link): string | undefined {
  if (link.bus === true) return 'is a bus';
  if (link.anycast === true || link.service !== undefined)
    return 'is a service of several servers itself: use it without balance:';
  if ((link.dispatch ?? link.takes) !== undefined || link.brief === true)
    return 'has no link of its own: each call is a request by itself';
  return line.link === undefined ? undefined : 'has several links: make each of them a part';
}

/** Whether a source has one peer, and can be used once: a port, a socket, the streams of the process. */
export function isSingle(source: TransportSource): boolean {
  const { url, postMessage, socket } = Object(source) as Readonly<Record<string, unknown>>;
  const text = typeof source === 'string' ? source : url;
  return typeof postMessage === 'function' || socket !== undefined || /^(stdio|port|socket):/i.test(String(text));
}
