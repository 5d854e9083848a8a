import { type CallOptions, type Endpoint, type GatherOptions, namespace, type Options, RemoteAPI } from 'obverse';
import { Chat } from './spec.js';

/*
 * With `exactOptionalPropertyTypes`, which `tsc --init` turns on: an option accepts undefined, as the value of an
 * optional property.
 */

/** The options of a kind, each of which may be undefined. */
type WithUndefined<O> = { [K in keyof O]?: O[K] | undefined };

export function accepts(side: Endpoint<Chat>, all: WithUndefined<Options>, call: WithUndefined<CallOptions>): void {
  const options: Options = all;
  const { transport: _, ...open } = all;
  const gathered: WithUndefined<GatherOptions> = {};
  Chat.create(options);
  void Chat.serve('memory:a', open);
  void Chat.invert().connect('memory:a', open);
  side.to(null, call);
  side.with(call);
  side.gather(null, gathered);
  side.group('a', { slow: undefined, keep: undefined, slowBytes: undefined });
  side.notifyPath('log', [], call);
  side.setHandler('other', () => {}, { foreign: undefined });
  side.mount('calc', { add: () => 1 }, { methods: undefined });
}

export class Nested extends RemoteAPI {
  readonly room = namespace(Chat, { name: undefined, defaults: undefined });
}
