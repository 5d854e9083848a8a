import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension, Gate, SideExtension } from '../../api/extension.js';
import type { Codec, TransportSource } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import { leavingNotifications } from '../../session/system/leaving.js';
import { resumeControls } from './controls.js';
import { DialingGate } from './dialing-gate.js';
import { ListeningGate } from './listening-gate.js';
import { readResume, resumeOption } from './resume-options.js';
import { SessionJournal } from './session-journal.js';

/** Sessions that go on over another link when their own has ended. */
export const resume: Extension = {
  name: 'resume',
  options: { resume: resumeOption },
  events: ['resumed'],
  controls: resumeControls,
  notifications: leavingNotifications,
  attach: (host: RpcEndpoint) => new SideResume(host),
};

/** The sessions of one side that outlive their links. */
class SideResume implements SideExtension {
  gate: (Gate & { readonly resumed: number; leave(ms: number): void }) | undefined;

  constructor(private readonly host: RpcEndpoint) {}

  async opening(codec: Promise<Codec>): Promise<void> {
    const { host } = this;
    const resuming = readResume(host.options.resume);
    if (host.listens && resuming !== undefined) refuseCodec(await codec);
    if (host.listens) this.gate = resuming && new ListeningGate(host, resuming);
    else if (resuming !== undefined)
      throw new UsageError(
        'the option "resume" is for the side that listens: a side that dials continues its session if it dials again, as with the option "reconnect"',
      );
  }

  stats(): Readonly<Record<string, number>> {
    let [keptMessages, keptBytes] = [0, 0];
    for (const { journal } of this.host.sessions()) {
      if (!(journal instanceof SessionJournal)) continue;
      keptMessages += journal.keptMessages;
      keptBytes += journal.numbers.keptBytes;
    }
    return { keptMessages, keptBytes, resumed: this.gate?.resumed ?? 0 };
  }

  closing({ drain }: { readonly drain?: number }): void {
    if (drain !== undefined) this.gate?.leave(drain);
  }

  source(source: TransportSource): TransportSource {
    const { host } = this;
    const { reconnect, resume } = host.options;
    if (host.listens && (resume ?? false) !== false && isUdp(source))
      throw new UsageError(
        'the option "resume" has no effect over udp:, whose links do not end; use tcp:, tls:, unix: or ws:',
      );
    const dialsAgain = (reconnect ?? false) !== false || mayDialAgain(source);
    const isWanted = typeof reconnect !== 'object' || reconnect.resume !== false;
    if (!host.listens && dialsAgain && isWanted) this.gate ??= new DialingGate(host);
    return source;
  }
}

/** Throws a UsageError for a codec over which no session can continue. */
function refuseCodec({ name, hello, form }: Codec): void {
  if (!hello)
    throw new UsageError(
      `the option "resume" has no effect with the codec "${name}" as it is configured, which sends no rpc.hello: use jrpc or msgpack, without terse, dialect and hello=off`,
    );
  if (form === 'values')
    throw new UsageError(
      `the option "resume" has no effect with the codec "${name}", which can transfer values, and so cannot send them again: use jrpc or msgpack`,
    );
}

function isUdp(source: unknown): boolean {
  return /^udp:/i.test(String((source as { readonly url?: unknown } | undefined)?.url ?? source));
}

/** Whether a source names a transport that dials again; true as well where that cannot be known. */
function mayDialAgain(source: unknown): boolean {
  return typeof source !== 'string' || /reconnect[+:]|restart:/i.test(source);
}
