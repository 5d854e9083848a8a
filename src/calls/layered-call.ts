import type { MethodDescriptor } from '../spec/method-table.js';
import type { CallContext } from '../types/interceptor.js';

/** What the calls that layers see have in common, in both directions. Made only for calls of methods that have layers or options. */
export abstract class LayeredCall {
  /** Called once every layer has passed the call on, before it is carried out. */
  onCarriedOut: (() => void) | undefined = undefined;

  constructor(
    readonly descriptor: MethodDescriptor,
    public args: readonly unknown[],
  ) {}

  get kind(): CallContext['kind'] {
    return this.descriptor.kind as CallContext['kind'];
  }
  get path(): string {
    return this.descriptor.path;
  }
  get method(): string {
    return this.descriptor.wire;
  }
  get meta(): unknown {
    return this.descriptor.declaration.options.meta;
  }
  get logged(): CallContext['logged'] {
    return this.descriptor.declaration.options.logged ?? true;
  }
}
