import { readOptions } from '../../src/contract/address.js';
import type { TransportFactory } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { HttpDialer } from './dial.js';
import { FetchPoster } from './post-fetch.js';
import { dialedUrl, readConnections, readHeaders } from './url.js';

/**
 * `http://host:port/path` and `https:` by the `fetch` of the runtime, where there is no other implementation. The query belongs to the
 * application of the server and is sent with the address. The options, set in an object, are `headers` and `connections`.
 */
const http: TransportFactory = (address, wire) => {
  if (wire.form === 'values') throw new UsageError('http: carries text or bytes, not values; use another codec');
  if (wire.listen)
    throw new UsageError('http: this runtime has no server: serve an httpHandler() of obverse/transports/http');
  const target = dialedUrl(address);
  const options = readOptions(target.own, { headers: 'any', connections: 'number' });
  const connections = readConnections(options.connections);
  const poster = new FetchPoster(target.url.href);
  return new HttpDialer({ target, wire, poster, headers: readHeaders(options.headers), connections });
};

export default http;
