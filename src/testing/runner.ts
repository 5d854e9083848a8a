/**
 * The part of a test runner that the suites need: vitest, `node:test`, `bun:test`, jest and mocha all have it. A suite
 * asserts with `node:assert`.
 */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  readonly it: {
    (name: string, body: () => void | Promise<void>): unknown;
    skip(name: string, body: () => void): unknown;
  };
}

/** Tests that a plug-in cannot pass by design, by name, with the reason. */
export type Gaps = Readonly<Record<string, string>>;

/** The `it` of a suite: skips the gaps of the plug-in, with the reason in the name of the test. */
export function gapped(runner: Runner, gaps: Gaps = {}): (name: string, body: () => void | Promise<void>) => void {
  return (name, body) => {
    const reason = Object.hasOwn(gaps, name) ? gaps[name] : undefined;
    if (reason === undefined) runner.it(name, body);
    else runner.it.skip(`${name} (n/a: ${reason})`, () => {});
  };
}
