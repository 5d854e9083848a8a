/** A request from the parent process, and its answer. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly arg: unknown;
}
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Answers the requests of the process that started this one, and exits with it. */
export function answerParent(handlers: Readonly<Record<string, (arg: never) => unknown>>): void {
  process.on('message', async ({ id, name, arg }: Question) => {
    let answer: Answer;
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`no handler for ${name}`);
      answer = { id, value: await handler(arg as never) };
    } catch (error) {
      answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send?.(answer);
  });
  process.on('disconnect', () => process.exit());
}

/** The CPU time, user and system, that this process has used, in µs. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
