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

/**
 * Whether a message to `subject` is answered at its reply subject. The answer is published with the permissions of this side, so it is not where
 * the sender could have it do more: at the programming interfaces of the server (`$JS`, `$SYS`, `$KV`), at what is served here, and where sides
 * speak to many, whose calls it could seem to answer.
 */
export function isAnswerable(reply: string | undefined, subject: string): reply is string {
  return (
    !!reply && !`${reply}.`.startsWith(`${subject}.`) && !/^\$|(^|\.)(_everyone|_topic|_spread|\*|>)(\.|$)/.test(reply)
  );
}

/** Whether the sender of a message to `subject` is Obverse, and can be answered. */
export function isObverse(reply: string | undefined, subject: string): reply is string {
  return reply !== undefined && OBVERSE.test(reply) && isAnswerable(reply, subject);
}

/** Whether the sender is Obverse, and asks who serves. */
export function asks(reply: string, subject: string): boolean {
  return reply.endsWith(`.${WHO}`) && isObverse(reply, subject);
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
