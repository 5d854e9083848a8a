import { Readable, Writable } from 'node:stream';

/** A pipe: what is written to `output` is read from `input`, and a slow reader makes the writer wait. */
export interface Way {
  readonly input: Readable;
  readonly output: Writable;
}

/** A pipe in memory, with two separate ends, which behaves like one of the system when an end is closed. */
export function way(): Way {
  let written: ((error?: Error) => void) | undefined;
  const taken = (error?: Error): void => {
    const done = written;
    written = undefined;
    done?.(error);
  };
  const broken = (): Error => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  const input = new Readable({
    read: () => taken(),
    destroy(error, done) {
      taken(broken());
      done(error);
    },
  });
  const output = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      written = done;
      if (input.destroyed) taken(broken());
      else if (input.push(chunk)) taken();
    },
    final(done) {
      input.push(null);
      done();
    },
    destroy(error, done) {
      if (!input.readableEnded) input.push(null);
      done(error);
    },
  });
  return { input, output };
}

/** Two ends connected by two pipes. */
export function ends(): readonly [Way, Way] {
  const there = way();
  const back = way();
  return [
    { input: there.input, output: back.output },
    { input: back.input, output: there.output },
  ];
}
