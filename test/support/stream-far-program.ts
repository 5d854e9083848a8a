import net from 'node:net';
import { parseAddress } from '../../src/contract/address.js';
import type { Frame, Link } from '../../src/contract/contract.js';
import { wireFor } from '../../src/testing/transport.js';
import stdio from '../../transports/stdio.js';
import { onLine } from './stream-lines.js';

/**
 * The far side of a test of `process:` and `stdio:`: opens `stdio:` and follows the instructions that arrive over a
 * socket of its own, to which it reports all events. Run with the port of that socket.
 */
const control = net.connect(Number(process.argv[2]), '127.0.0.1').setNoDelay(true);
const tell = (event: object): void => {
  control.write(`${JSON.stringify(event)}\n`);
};
// Without the instructing side it has nothing to do.
control.on('error', () => process.exit(1));

type Order =
  | { do: 'open'; form: 'text' | 'bytes'; frameBytes: number }
  | { do: 'send'; frames: string[]; bytes: boolean }
  | { do: 'pause' | 'resume' | 'shut' }
  | { do: 'close'; reason?: string };

let link: Link | undefined;
let shut = async (): Promise<void> => {};

function obey(order: Order): void {
  if (order.do === 'open') void open(order.form, order.frameBytes);
  else if (order.do === 'shut') void shut().then(() => control.end());
  else if (order.do === 'close') link?.close(order.reason === undefined ? undefined : new Error(order.reason));
  else if (order.do === 'send') {
    link?.send(order.frames.map((frame) => (order.bytes ? Buffer.from(frame, 'base64') : frame)));
    tell({ buffered: link?.buffered });
  } else link?.[order.do]();
}

async function open(form: 'text' | 'bytes', frameBytes: number): Promise<void> {
  const transport = stdio(parseAddress('stdio:'), wireFor({ form, limits: { frameBytes } }));
  shut = () => transport.close();
  await transport.open((opened) => {
    link = opened;
    return {
      receive: (frame: Frame) => {
        if (typeof frame === 'string') tell({ text: frame });
        else tell({ bytes: Buffer.from(frame as Uint8Array).toString('base64') });
      },
      drained: () => tell({ drained: true, buffered: opened.buffered }),
      closed: (reason) => {
        tell({ closed: true, reason: reason && { ...reason, name: reason.name, message: reason.message } });
        control.end();
      },
    };
  });
  tell({ up: true });
}

onLine(control, (line) => obey(JSON.parse(line) as Order));
