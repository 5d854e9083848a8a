import type { Stages } from '../contract/codec-stages.js';

const directions = ['outgoing', 'incoming'] as const;

/** What is expected of the option where it is not that; undefined if it is. */
export function checkStages(value: unknown): string | undefined {
  const expected =
    'an object with outgoing and incoming, functions or lists of them, form, and messages with outgoing and incoming';
  if (typeof value !== 'object' || value === null) return expected;
  const { messages = {}, form, ...frames } = value as Stages;
  const fits = (stages: object): boolean =>
    Object.entries(stages).every(
      ([name, stage]) =>
        (directions as readonly string[]).includes(name) &&
        [stage as unknown].flat().every((one) => one === undefined || typeof one === 'function'),
    );
  const good = typeof messages === 'object' && messages !== null && fits(frames) && fits(messages);
  return good && (form === undefined || form === 'text' || form === 'bytes') ? undefined : expected;
}
