import type { SideExtension, SideHost } from '../../api/extension.js';
import type { IncomingCall } from '../../calls/incoming-call.js';
import type { Invoke } from '../../calls/layer.js';
import type { OutgoingCall } from '../../calls/outgoing-call.js';
import { UsageError } from '../../contract/errors.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { Interceptor } from '../../types/interceptor.js';
import { emitting, emitUnknown } from './call-events.js';
import { callLogger } from './call-logger.js';
import { intercepted } from './interceptor-layers.js';
import { pathOf } from './wire-paths.js';

/** An interceptor, and the prefix of the paths of the methods that it wraps. */
interface ScopedInterceptor {
  readonly path: string;
  readonly interceptor: Interceptor;
}

/**
 * The layers around the calls of a side, from the outermost to the innermost: the listeners of its events, the logger of calls, the interceptors of
 * the side, of its namespaces, and of the decorator.
 */
export class Middleware implements SideExtension {
  private interceptors: readonly ScopedInterceptor[];
  private readonly log: readonly Interceptor[];

  constructor(private readonly host: SideHost) {
    const { use = [], logCalls = false } = host.options;
    this.log = logCalls === false ? [] : [callLogger(logCalls, host.logger)];
    this.interceptors = [use].flat().map((interceptor) => ({ path: '', interceptor }));
  }

  incoming(method: MethodDescriptor, next: Invoke<IncomingCall>): Invoke<IncomingCall> | undefined {
    return method.kind === 'unknown' ? this.aroundUnknown(next) : intercepted(this.around(method), next);
  }

  outgoing(method: MethodDescriptor, next: Invoke<OutgoingCall>): Invoke<OutgoingCall> | undefined {
    return intercepted<OutgoingCall>(this.around(method), next);
  }

  private around({ path, declaration }: MethodDescriptor): Interceptor[] {
    const events = emitting(this.host.listeners, path, this.host.reports);
    const scoped = this.interceptors
      .filter((one) => path.startsWith(one.path))
      // Each of these paths is a prefix of the next one.
      .toSorted((a, b) => a.path.length - b.path.length);
    const { use = [] } = declaration.options;
    return [
      ...(events === undefined ? [] : [events]),
      ...this.log,
      ...scoped.map(({ interceptor }) => interceptor),
      ...[use].flat(),
    ];
  }

  /** No interceptor sees the call of an unknown method; it emits one event. */
  private aroundUnknown(next: Invoke<IncomingCall>): Invoke<IncomingCall> | undefined {
    const { listeners, reports, dispatcher } = this.host;
    if (listeners.of('method.unknown').length === 0) return undefined;
    return (call) => {
      const { method, id, peer } = call;
      emitUnknown(listeners, reports, { path: pathOf(method, dispatcher.tables), method, id, peer });
      return next(call);
    };
  }

  /** Adds interceptors around the methods whose paths begin with `path`, inside the existing ones. Returns a function that removes them. */
  use(path: string, interceptors: readonly Interceptor[]): () => void {
    for (const interceptor of interceptors) {
      if (typeof interceptor !== 'function')
        throw new UsageError(`use() takes functions (call, next) => …, not ${String(interceptor)}`);
    }
    const added = interceptors.map((interceptor): ScopedInterceptor => ({ path, interceptor }));
    this.interceptors = [...this.interceptors, ...added];
    this.host.recompose();
    return () => {
      this.interceptors = this.interceptors.filter((one) => !added.includes(one));
      this.host.recompose();
    };
  }

  /** Removes the interceptors of unmounted methods. */
  unbound(path: string): void {
    this.interceptors = this.interceptors.filter((one) => !one.path.startsWith(path));
  }
}
