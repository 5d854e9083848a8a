/**
 * What the suites need of a test runner: vitest, `node:test`, `bun:test`, jest and mocha all have it. A suite asserts with
 * `node:assert` and so needs nothing else.
 */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  readonly it: {
    (name: string, body: () => void | Promise<void>): unknown;
    skip(name: string, body: () => void): unknown;
  };
}

/** Tests that a plug-in cannot pass by its nature, each by its name, with the reason. */
export type Gaps = Readonly<Record<string, string>>;

/** The `it` of a suite: skips what the plug-in has declared as a gap, and says why in the test's name. */
export function gapped(runner: Runner, gaps: Gaps = {}): (name: string, body: () => void | Promise<void>) => void {
  return (name, body) => {
    const reason = Object.hasOwn(gaps, name) ? gaps[name] : undefined;
    if (reason === undefined) runner.it(name, body);
    else runner.it.skip(`${name} (n/a: ${reason})`, () => {});
  };
}
