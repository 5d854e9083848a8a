import type { FrameFilters, SideExtension, SideHost } from '../../api/extension.js';
import { resolveSecurity } from '../../api/resolve-options.js';
import { SecurityFilter, seal } from './sealed-frames.js';

/** The security of one side: it seals what is sent, and opens what arrives. */
export class SideSecurity implements SideExtension {
  /** Undefined if there is no security: the option may be `null`. */
  frames: FrameFilters | undefined;

  constructor(private readonly host: SideHost) {}

  async opening(): Promise<void> {
    const { host } = this;
    const security = await resolveSecurity(host.options.security);
    if (security === undefined) return;
    const required = host.options.requireSecurityInfo === true;
    this.frames = {
      filterFor: (connection) => new SecurityFilter(connection, security, required),
      forAll: (frame) => seal(security, host.codec, frame),
    };
  }
}
