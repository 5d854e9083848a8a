import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { UsageError } from '../../src/contract/errors.js';

/** Handles a request at its path. `expects`: it waits for 100 (Continue) before it sends its body. */
export type Handle = (request: IncomingMessage, response: ServerResponse, expects: boolean) => void;

/** The served paths of one HTTP server. */
interface Hub {
  readonly paths: Map<string, Handle>;
  /** Removes the hub from its server. */
  remove(): void;
}

const hubs = new WeakMap<Server, Hub>();

/**
 * Handles the requests at one path of an HTTP server; all others are left to its listeners, which do not see those at the path. Returns a
 * function that leaves the path to others. Throws a UsageError if the path is taken.
 */
export function takeRequests(server: Server, path: string, handle: Handle): () => void {
  const hub = hubs.get(server) ?? install(server);
  const { paths } = hub;
  if (paths.has(path))
    throw new UsageError(`http: the path ${path} of this server is used by another transport; use another path`);
  paths.set(path, handle);
  return () => {
    if (paths.get(path) === handle) paths.delete(path);
    if (paths.size > 0) return;
    hub.remove();
    hubs.delete(server);
  };
}

/** The listeners of the application may have been added before or after, and would answer too: so the event does not reach them. */
function install(server: Server): Hub {
  const paths = new Map<string, Handle>();
  const { emit } = server;
  const own = function (this: Server, event: string, ...args: unknown[]): boolean {
    if (event === 'request' || event === 'checkContinue') {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      const { url = '' } = request;
      const query = url.indexOf('?');
      const handle = paths.get(query < 0 ? url : url.slice(0, query));
      if (handle !== undefined) {
        handle(request, response, event === 'checkContinue');
        return true;
      }
      // Without other listeners, nobody else will answer.
      if (paths.size > 0 && server.listenerCount(event) === 0) {
        response
          .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
          .end('nothing is served at this path\n');
        return true;
      }
    }
    return (emit as (event: string, ...args: unknown[]) => boolean).call(this, event, ...args);
  };
  server.emit = own as Server['emit'];
  const hub = {
    paths,
    remove() {
      // Others may have replaced it after us: then it stays, and passes everything on.
      if (server.emit === own) server.emit = emit;
    },
  };
  hubs.set(server, hub);
  return hub;
}

/** Answers a request at another path. */
export function answerNothing(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('nothing is served at this path\n');
}
