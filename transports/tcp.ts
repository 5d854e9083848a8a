import { readOptions } from '../src/contract/address.js';
import type { TransportFactory } from '../src/contract/contract.js';
import { INET_OPTIONS, inetTransport } from './shared/inet.js';

/**
 * `tcp://host:port`: frames over TCP. An empty host means every interface when listening and 127.0.0.1 when dialing;
 * port 0 picks a free port, which `address` then contains. The id of a peer is `ip:port`.
 *
 * Options: `framing`; `keepAlive`, after how many milliseconds of silence the system checks whether the peer is still
 * there (default: never); `backlog`, how many connections may wait to be accepted (1,024; listening only).
 */
const tcp: TransportFactory = (address, wire) => inetTransport(address, wire, readOptions(address, INET_OPTIONS));

export default tcp;
