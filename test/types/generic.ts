import {
  declareMethods,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
} from 'obverse';
import type { Equal, Expect } from './equal.js';

/** A class may be generic: an argument that is sent by name is an object by the constraint of its type parameter. */
export abstract class Crud<T extends { id: string }> extends RemoteAPI {
  @incoming({ hasReply: true }) get(_sender: Sender, _args: { id: string }): Reply<T> {}
  @incoming({ hasReply: true }) put(_sender: Sender, _args: T): Reply<T> {}
  @incoming({ hasReply: true }) create(_sender: Sender, _args: Omit<T, 'id'>): Reply<T> {}
  @incoming({ hasReply: true }) change(_sender: Sender, _args: { id: string } & Partial<T>): Reply<T> {}
  @incoming({ stream: true }) find(_sender: Sender, _args?: Partial<T>): Stream<T> {}
  @incoming({ hasReply: true, params: ['id', 'item'] }) rename(_sender: Sender, _id: T['id'], _item: T): Reply<void> {}
  @outgoing changed(_receivers: Receivers, _args: Readonly<T>): void {}
  @outgoing last(_receivers: Receivers, _args: T | null): void {}
  @outgoing seen(_receivers: Receivers, _args?: T): void {}
  @outgoing other(_receivers: Receivers, _args: (T & { at: number }) | { id: string }): void {}
}

export interface Note {
  id: string;
  text: string;
}
export class Notes extends Crud<Note> {
  @outgoing({ hasReply: true }) mayChange(_receivers: Receivers, _args: Note): Reply<boolean> {}
}

const here = Notes.create();
const there = Notes.invert().create();

export type Here = [
  Expect<Equal<Parameters<(typeof here)['changed']>, [receivers: Receivers, _args: Readonly<Note>]>>,
  Expect<Equal<Parameters<(typeof here)['last']>, [receivers: Receivers, _args: Note | null]>>,
  Expect<Equal<Parameters<(typeof here)['seen']>, [receivers: Receivers, _args?: Note | undefined]>>,
  Expect<Equal<typeof here, Side<Notes>>>,
];
export type There = [
  Expect<Equal<Parameters<(typeof there)['put']>, [receivers: Receivers, _args: Note]>>,
  Expect<Equal<ReturnType<(typeof there)['put']>, Promise<Note>>>,
  Expect<Equal<Parameters<(typeof there.remote)['create']>, [_args: Omit<Note, 'id'>]>>,
  Expect<Equal<Parameters<(typeof there.remote)['change']>, [_args: { id: string } & Partial<Note>]>>,
  Expect<Equal<Parameters<(typeof there.remote)['rename']>, [_id: string, _item: Note]>>,
];

export async function use(): Promise<string[]> {
  here.put.connect((_sender, note) => ({ ...note, text: note.text.trim() }));
  there.mayChange.connect((_sender, { text }) => text.length > 0);
  const found = [(await there.remote.get({ id: 'a' })).text];
  for await (const { id } of there.remote.find({ text: 'a' })) found.push(id);
  return found;
}

/** Without decorators: of the class itself the compiler knows only `any`. */
export abstract class DeclaredCrud<T extends { id: string }> extends RemoteAPI {
  put(_sender: Sender, _args: T): Reply<T> {}
}
declareMethods<DeclaredCrud<{ id: string }>>(DeclaredCrud, { put: incoming({ hasReply: true }) });
