import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';

const positional = { allowPositionalArgs: true } as const;
const request = { ...positional, hasReply: true } as const;

/** Neovim, as it is embedded: MessagePack-RPC, arguments by position. */
export class Neovim extends RemoteAPI {
  @outgoing({ ...request, name: 'nvim_eval' }) eval(to: Receivers, expression: string): Reply<unknown> {}
  @outgoing({ ...request, name: 'nvim_command' }) command(to: Receivers, command: string): Reply<null> {}
  @outgoing({ ...request, name: 'nvim_get_api_info' }) info(to: Receivers): Reply<[channel: number, api: object]> {}
  @outgoing({ ...request, name: 'nvim_buf_set_lines' })
  setLines(to: Receivers, buffer: number, from: number, till: number, strict: boolean, lines: string[]): Reply<null> {}
  @outgoing({ ...request, name: 'nvim_buf_get_lines' })
  lines(to: Receivers, buffer: number, from: number, till: number, strict: boolean): Reply<string[]> {}
  @outgoing({ ...request, name: 'nvim_buf_attach' })
  attach(to: Receivers, buffer: number, sendBuffer: boolean, options: object): Reply<boolean> {}

  @incoming({ ...positional, name: 'nvim_buf_lines_event' })
  changed(from: Sender, buffer: unknown, tick: number, first: number, last: number, lines: string[]): void {}
  /** What a script in Neovim asks with `rpcrequest(channel, "ask", …)`. */
  @incoming(request) ask(from: Sender, question: string): Reply<string> {}
}

/** Starts Neovim. */
export function startNeovim(): Promise<Side<Neovim>> {
  return Neovim.connect('process:nvim --embed --headless --clean', { codec: 'msgpack?dialect=nvim' });
}
