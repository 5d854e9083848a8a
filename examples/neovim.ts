import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';

const positional = { allowPositionalArgs: true } as const;
const request = { ...positional, hasReply: true } as const;

/** An embedded Neovim: MessagePack-RPC, with arguments by position. */
export class Neovim extends RemoteAPI {
  @outgoing({ ...request, name: 'nvim_eval' }) eval(_to: Receivers, _expression: string): Reply<unknown> {}
  @outgoing({ ...request, name: 'nvim_command' }) command(_to: Receivers, _command: string): Reply<null> {}
  @outgoing({ ...request, name: 'nvim_get_api_info' }) info(_to: Receivers): Reply<[channel: number, api: object]> {}
  @outgoing({ ...request, name: 'nvim_buf_set_lines' })
  setLines(
    _to: Receivers,
    _buffer: number,
    _from: number,
    _till: number,
    _strict: boolean,
    _lines: string[],
  ): Reply<null> {}
  @outgoing({ ...request, name: 'nvim_buf_get_lines' })
  lines(_to: Receivers, _buffer: number, _from: number, _till: number, _strict: boolean): Reply<string[]> {}
  @outgoing({ ...request, name: 'nvim_buf_attach' })
  attach(_to: Receivers, _buffer: number, _sendBuffer: boolean, _options: object): Reply<boolean> {}

  @incoming({ ...positional, name: 'nvim_buf_lines_event' })
  changed(_from: Sender, _buffer: unknown, _tick: number, _first: number, _last: number, _lines: string[]): void {}
  /** A script in Neovim calls this with `rpcrequest(channel, "ask", …)`. */
  @incoming(request) ask(_from: Sender, _question: string): Reply<string> {}
}

/** Starts Neovim. */
export function startNeovim(): Promise<Side<Neovim>> {
  return Neovim.connect('process:nvim --embed --headless --clean', { codec: 'msgpack?dialect=nvim' });
}
