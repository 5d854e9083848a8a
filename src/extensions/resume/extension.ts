import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension, Gate, SideExtension } from '../../api/extension.js';
import type { TransportSource } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import { resumeControls } from './controls.js';
import { DialingGate } from './dialing-gate.js';
import { resumeNotifications } from './leaving.js';
import { ListeningGate } from './listening-gate.js';
import { readResume, resumeOption } from './resume-options.js';

/** Sessions that go on over another link when their own has ended. */
export const resume: Extension = {
  name: 'resume',
  options: { resume: resumeOption },
  events: ['resumed'],
  controls: resumeControls,
  notifications: resumeNotifications,
  attach: (host: RpcEndpoint) => new SideResume(host),
};

/** The sessions of one side that outlive their links. */
class SideResume implements SideExtension {
  gate: (Gate & { leave(ms: number): void }) | undefined;

  constructor(private readonly host: RpcEndpoint) {}

  async opening(): Promise<void> {
    const { host } = this;
    const resuming = readResume(host.options.resume);
    if (host.listens) this.gate = resuming && new ListeningGate(host, resuming);
    else if (resuming !== undefined)
      throw new UsageError(
        'the option "resume" is for the side that listens: a side that dials continues its session if it dials again, as with the option "reconnect"',
      );
  }

  closing({ drain }: { readonly drain?: number }): void {
    if (drain !== undefined) this.gate?.leave(drain);
  }

  source(source: TransportSource): TransportSource {
    const { host } = this;
    const { reconnect } = host.options;
    const dialsAgain = (reconnect ?? false) !== false || mayDialAgain(source);
    const isWanted = typeof reconnect !== 'object' || reconnect.resume !== false;
    if (!host.listens && dialsAgain && isWanted) this.gate ??= new DialingGate(host);
    return source;
  }
}

/** Whether a source names a transport that dials again; true as well where that cannot be known. */
function mayDialAgain(source: unknown): boolean {
  return typeof source !== 'string' || /reconnect[+:]|restart:/i.test(source);
}
