/*
 * The reply subject of a message says where its sender is reached: `_INBOX.o-<name>.<link>.<word>`. The last word is the id of a call, or 0;
 * of a message without a body, it may be one of those below.
 */

/** The link of the sender has ended. */
export const END = 'end';
/** The sender asks who serves. */
export const WHO = 'who';
/** The longest beat, in ms: what anybody can say of one is bounded, too. */
export const LONGEST_BEAT = 60_000;

/** What a reply of Obverse ends with. */
const OBVERSE = /\.o-[\w-]{10,64}\.\d{1,16}\.\w+$/;

/** Whether the sender of a message is Obverse. */
export function isObverse(reply: string | undefined): reply is string {
  return reply !== undefined && OBVERSE.test(reply);
}

/** Whether the sender is Obverse, and asks who serves. */
export function asks(reply: string): boolean {
  return reply.endsWith(`.${WHO}`) && isObverse(reply);
}

/** Where the sender of a message is reached, without the last word, if it may be Obverse. */
export function addressOf(reply: string | undefined): string | undefined {
  return reply?.includes('.o-') ? reply.slice(0, reply.lastIndexOf('.')) : undefined;
}

/** The last word by which a side says that it serves, and reports calls at this interval, in ms. */
export function beatWord(beat: number): string {
  return `b${Math.ceil(beat)}`;
}

/** The beat in a reply, in ms; undefined if there is none. */
export function beatIn(reply: string): number | undefined {
  const beat = Number(/\.b(\d{1,5})$/.exec(reply)?.[1]);
  return beat >= 1 && beat <= LONGEST_BEAT ? beat : undefined;
}
