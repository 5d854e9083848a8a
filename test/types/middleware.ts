import {
  type CallContext,
  contextKey,
  type Interceptor,
  type LinkInfo,
  type Peer,
  type Sender,
  type Side,
} from 'obverse';
import type { Equal, Expect } from './equal.js';
import type { Chat } from './spec.js';

interface User {
  readonly name: string;
}
const user = contextKey<User>('user');
const depth = contextKey('depth', 0);

const read = (call: CallContext) => [call.state.get(user), call.state.get(depth)] as const;
export type State = [
  Expect<Equal<ReturnType<typeof read>[0], User | undefined>>,
  Expect<Equal<ReturnType<typeof read>[1], number>>,
  Expect<Equal<Sender['state'], CallContext['state']>>,
];

/** What a state does not accept. */
export const wrong = (call: CallContext): void => {
  // @ts-expect-error a user is not a string
  call.state.set(user, 'ann');
  // @ts-expect-error a depth is always a number
  call.state.set(depth, undefined);
};

/** The direction determines what exists. */
export const narrowed: Interceptor = (call, next) => {
  if (call.direction === 'incoming') {
    const all: [Sender, Peer, LinkInfo, AbortSignal] = [call.sender, call.peer, call.info, call.signal];
    return all && next();
  }
  // @ts-expect-error an outgoing call has no sender
  return call.sender.id;
};

/** Listeners receive the data of their event. */
export const listen = (chat: Side<Chat>): void => {
  chat.on('method.return', (call, result) => void [call.path, result]);
  chat.room.on('method.sent', ({ sender }) => void sender.id);
  chat.on('connect', (peer) => void peer.id);
  // @ts-expect-error there is no such event
  chat.on('method.done', () => {});
  // @ts-expect-error peers connect to a side, not to a namespace
  chat.room.on('connect', () => {});
};

/** What runs after the reply may return anything. */
export const after = (chat: Side<Chat>): (() => void) => chat.echo.after((_sender, { text }) => text.length);
