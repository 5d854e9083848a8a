import {
  type CallLogger,
  type Interceptor,
  logCalls,
  RemoteAPI,
  RemoteError,
  RpcError,
  type Side,
  type TransportSource,
} from 'obverse';

/** Declares no methods: the proxy forwards all messages. */
class Anything extends RemoteAPI {}

/** Forwards all calls of one side to the other. */
function forward(from: Side<Anything>, to: Side<Anything>): void {
  from.setHandler('**', (sender, args, { method, kind }) => {
    if (kind === 'notification') return to.notifyPath(method, args);
    // If the caller cancels, the forwarded call is cancelled too.
    return to.callPath(method, args, { signal: sender.signal, timeout: Number.POSITIVE_INFINITY });
  });
}

/** Forwards an error of the other end unchanged, with its code and its data. */
const honest: Interceptor = async (_call, next) => {
  try {
    return await next();
  } catch (error) {
    throw error instanceof RemoteError ? new RpcError(error.message, error.code, error.data) : error;
  }
};

/**
 * A proxy between an editor and a language server, which forwards everything in both directions. `log` receives the calls of
 * the editor (incoming) and those of the server (outgoing). If an editor starts the proxy, `editor` is `stdio:`.
 */
export async function proxy(editor: TransportSource, command: string, log: CallLogger): Promise<Side<Anything>> {
  const codec = 'jrpc?dialect=lsp';
  const server = await Anything.connect(`process:${command}`, { codec, use: honest });
  const front = Anything.create({ transport: editor, codec, use: [logCalls(log), honest] });
  forward(front, server);
  forward(server, front);
  server.on('disconnect', () => void front.close());
  front.on('disconnect', () => void server.close());
  return front.open();
}
