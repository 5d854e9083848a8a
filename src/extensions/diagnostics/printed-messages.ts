import type { PrintingSide } from '../../api/diagnostics.js';
import { sketchOf } from '../../base/details.js';
import { printable } from '../../base/quote.js';
import type { Frame, Message, Transport } from '../../contract/contract.js';
import { frameWithoutCredentials, withoutCredentials } from '../../contract/hidden-credentials.js';
import type { Connection } from '../../session/connection.js';

/** How many characters of a frame are printed. */
const LONGEST = 1_000;

/** Prints the frames of a connection in both directions. Call it before the first frame. */
export function printMessages(connection: Connection, side: PrintingSide): void {
  const { link } = connection;
  const name = nameOfSide(side);
  const [send, receive] = [link.send.bind(link), connection.receive.bind(connection)];
  // Defined on these two objects only, so that other connections stay as fast.
  Object.defineProperty(link, 'send', {
    value(frames: readonly Frame[]) {
      for (const frame of frames) print(`${name} → ${nameOf(connection)}`, frame, connection);
      send(frames);
    },
  });
  Object.defineProperty(connection, 'receive', {
    value(frame: Frame) {
      print(`${name} ← ${nameOf(connection)}`, frame, connection);
      receive(frame);
    },
  });
}

/** Prints broadcast frames. */
export function printBroadcasts(transport: Transport, side: PrintingSide): void {
  const broadcast = transport.broadcast?.bind(transport);
  if (broadcast === undefined) return;
  Object.defineProperty(transport, 'broadcast', {
    value(frames: readonly Frame[]) {
      for (const frame of frames) print(`${nameOfSide(side)} → everybody`, frame, undefined);
      broadcast(frames);
    },
  });
}

function nameOfSide({ dispatcher, inverted }: PrintingSide): string {
  const name = dispatcher.tables[0]?.spec.name ?? '';
  return inverted ? `${name}.invert()` : name;
}

function nameOf({ sink, link }: Connection): string {
  return printable(sink.peer?.id ?? link.peer);
}

/** To stderr: stdout belongs to the program, and perhaps to a transport. */
function print(way: string, frame: Frame, connection: Connection | undefined): void {
  try {
    // biome-ignore lint/suspicious/noConsole: the environment asks for it
    globalThis.console.error(`obverse ${way}: ${textOf(frame, connection)}`);
  } catch {
    // A message is sent even if it cannot be printed.
  }
}

function textOf(frame: Frame, connection: Connection | undefined): string {
  if (typeof frame === 'string') {
    const shown = connection === undefined ? frame : frameWithoutCredentials(connection.host.codec, frame);
    return printable(String(shown).trimEnd(), LONGEST);
  }
  const texts: string[] = [];
  try {
    connection?.host.codec.decode(
      frame,
      (message) => void texts.push(shown(withoutCredentials(message))),
      connection.agreed,
    );
  } catch {
    // Sealed by a security, or not a message.
  }
  return texts.length > 0 ? printable(texts.join(', '), LONGEST) : `${frame.length} bytes`;
}

function shown(message: Message): string {
  const { kind, id } = message;
  const which = id === undefined ? kind : `${kind} ${sketchOf(id)}`;
  if (kind === 'call') return `${which} ${printable(message.method)} ${sketchOf(message.args)}`;
  return `${which} ${sketchOf(kind === 'reply' ? message.value : message.error)}`;
}
