import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, RpcError, type Sender, type Side } from 'obverse';

/** A desk that divides numbers. It asks its visitors for paper, and sends each result to everybody. */
export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) divide(_from: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming tidy(_from: Sender, _args: { thoroughly: boolean }): void {}
  @outgoing({ hasReply: true }) paper(_to: Receivers, _args: { sheets: number }): Reply<string> {}
  @outgoing done(_to: Receivers, _args: { result: number }): void {}
}

/** The JSON-RPC of language servers and editors, which vscode-jsonrpc uses over a socket. */
const codec = 'jrpc?dialect=lsp';

/** Serves a desk to visitors that use vscode-jsonrpc. */
export async function serve(): Promise<Side<Desk>> {
  const desk = await Desk.serve('tcp://127.0.0.1:0', { codec });
  desk.divide.connect(async (visitor, { a, b }) => {
    const paper = await desk.paper(visitor, { sheets: 1 });
    if (b === 0) throw new RpcError(`cannot divide ${a} by zero`, 4_001, { a, b, paper });
    desk.done(null, { result: a / b });
    return a / b;
  });
  return desk;
}

/** Visits a desk that uses vscode-jsonrpc. */
export async function visit(address: string): Promise<{ result: number; refused: RpcError; told: number[] }> {
  await using visitor = await Desk.invert().connect(address, { codec });
  const told: number[] = [];
  visitor.paper.connect((_desk, { sheets }) => 'blank '.repeat(sheets).trim());
  visitor.done.connect((_desk, { result }) => told.push(result));
  visitor.remote.tidy({ thoroughly: true });
  const result = await visitor.remote.divide({ a: 84, b: 2 });
  const refused = await visitor.remote.divide({ a: 1, b: 0 }).catch((error: RpcError) => error);
  return { result, refused: refused as RpcError, told };
}
