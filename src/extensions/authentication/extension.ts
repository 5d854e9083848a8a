import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension, Gate, SideExtension } from '../../api/extension.js';
import type { Codec } from '../../contract/contract.js';
import { UsageError } from '../../contract/errors.js';
import { AUTH } from '../../session/system/system-names.js';
import { AuthenticatingGate } from './authenticating-gate.js';
import { received } from './control.js';
import { CredentialsGate } from './credentials-gate.js';
import { authenticationOptions } from './options.js';

/** Who a peer is: the side that dials brings credentials, and the side that listens decides who that is before anything is served. */
export const authentication: Extension = {
  name: 'authentication',
  options: authenticationOptions,
  controls: { [AUTH]: received },
  attach: (host: RpcEndpoint) => new SideAuthentication(host),
};

class SideAuthentication implements SideExtension {
  gate: Gate | undefined;

  constructor(private readonly host: RpcEndpoint) {}

  async opening(codec: Promise<Codec>): Promise<void> {
    const { host } = this;
    const { authenticate, credentials } = host.options;
    if (authenticate !== undefined) {
      if (!host.listens)
        throw new UsageError(
          'the option "authenticate" is for the side that listens: a side that dials says who it is with "credentials"',
        );
      this.gate = new AuthenticatingGate(host, authenticate);
    }
    if (credentials === undefined) return;
    if (host.listens)
      throw new UsageError(
        'the option "credentials" is for the side that dials: a side that listens finds who its peers are with "authenticate"',
      );
    const { hello, name } = await codec;
    if (!hello)
      throw new UsageError(
        `the option "credentials" needs a codec that says hello, which ${name} with these options does not; over ws: use "headers"`,
      );
    this.gate = new CredentialsGate(credentials);
  }
}
