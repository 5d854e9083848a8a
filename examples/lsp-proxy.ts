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

/** What the two say is theirs: it declares nothing, and all of it is handed on. */
class Anything extends RemoteAPI {}

/** What the one side is asked, the other one is. */
function forward(from: Side<Anything>, to: Side<Anything>): void {
  from.setHandler('**', (sender, args, { method, kind }) => {
    if (kind === 'notification') return to.notifyPath(method, args);
    // Given up by the one, it is given up at the other.
    return to.callPath(method, args, { signal: sender.signal, timeout: Number.POSITIVE_INFINITY });
  });
}

/** An error of the other end is told as it came: with its code and its data. */
const honest: Interceptor = async (_call, next) => {
  try {
    return await next();
  } catch (error) {
    throw error instanceof RemoteError ? new RpcError(error.message, error.code, error.data) : error;
  }
};

/**
 * Stands between an editor and a language server, hands everything on in both directions, and logs it: `log` is told of what
 * the editor asks (incoming) and of what the server does (outgoing). Started by an editor, `editor` is `stdio:`.
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
