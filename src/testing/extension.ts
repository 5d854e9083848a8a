import assert from 'node:assert/strict';
import type { Extension, ExtensionHost, SideExtension } from '../api/extension.js';
import type { Options } from '../types/options.js';
import { type ExtensionSides, meetWithExtension } from './extension-sides.js';
import { type Gaps, gapped, type Runner } from './runner.js';

/** An extension that is to be tested. */
export interface ExtensionSubject {
  readonly extension: Extension;
  /** Options of the sides that have it, its own included. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Tests that the extension cannot pass by design: the name of the test, and the reason. */
  readonly gaps?: Gaps;
}

/** What was counted of an extension. */
interface Counts {
  attached: number;
  asked: number;
  host: ExtensionHost | undefined;
}

/** The extension, and how often it attaches and is asked for a layer. */
function counted(extension: Extension): { readonly extension: Extension; readonly counts: Counts } {
  const counts: Counts = { attached: 0, asked: 0, host: undefined };
  return {
    counts,
    extension: {
      ...extension,
      attach(host) {
        counts.attached++;
        counts.host = host;
        const side: SideExtension = extension.attach?.(host) ?? {};
        return Object.create(side, {
          incoming: layer(side.incoming, side, counts),
          outgoing: layer(side.outgoing, side, counts),
        }) as SideExtension;
      },
    },
  };
}

function layer(
  around: ((...args: never[]) => unknown) | undefined,
  side: SideExtension,
  counts: Counts,
): PropertyDescriptor {
  const value = (...args: never[]): unknown => {
    counts.asked++;
    return around?.apply(side, args);
  };
  return { value };
}

/**
 * Tests that an extension behaves as the seam requires: it attaches once to each side, its options and messages are refused where it is
 * not installed, a side with it and one without it call each other, its layers are asked for methods and not for calls, and nothing of
 * a peer stays. The program must have imported `obverse`: the sides are connected by `memory:`.
 */
export function testExtension(runner: Runner, subject: ExtensionSubject): void {
  const { name, options: own = {}, requests = {}, notifications = {} } = subject.extension;
  const options = (subject.options ?? {}) as Options;
  const open: ExtensionSides[] = [];
  const test = gapped(runner, subject.gaps);
  // Also after a failure: sides that are made later must not have the extension.
  const it = (title: string, body: () => Promise<void>): void =>
    test(title, () =>
      body()
        .finally(() => Promise.all(open.splice(0).map((sides) => sides.close())))
        .then(() => {}),
    );
  const meet = async (which: Extension): Promise<ExtensionSides> => {
    const sides = await meetWithExtension(which, options, {});
    open.push(sides);
    return sides;
  };
  runner.describe(`the extension ${name}`, () => {
    it('attaches once to each side that is made while it is installed', async () => {
      const { extension, counts } = counted(subject.extension);
      const sides = await meet(extension);
      const attached = counts.attached;
      await sides.close();
      assert.equal(attached, 1, 'the side that was made before the installation does not have it');
    });

    it('lets a side with it and one without it call each other', async () => {
      const sides = await meet(subject.extension);
      await sides.callBothWays();
      await sides.close();
    });

    it('is asked for layers when methods are bound, and not for calls', async () => {
      const { extension, counts } = counted(subject.extension);
      const sides = await meet(extension);
      const { asked } = counts;
      for (let n = 0; n < 5; n++) await sides.callBothWays();
      assert.equal(counts.asked, asked);
      await sides.close();
    });

    it('has its options refused where it is not installed, and misspelt ones everywhere', async () => {
      const sides = await meet(subject.extension);
      for (const option of Object.keys(own)) {
        const misspelt = { ...options, [`${option}_`]: 1 } as Options;
        assert.throws(() => sides.create(misspelt), /unknown option/);
      }
      await sides.close();
      for (const option of Object.keys(own))
        assert.throws(() => sides.create({ [option]: (options as Record<string, unknown>)[option] }), /unknown option/);
    });

    it('has its requests refused by a side without it', async () => {
      const { extension, counts } = counted(subject.extension);
      const sides = await meet(extension);
      const [peer] = (counts.host as ExtensionHost).peers.values();
      const session = (counts.host as ExtensionHost).session(peer as never);
      for (const request of Object.keys(requests))
        await assert.rejects(session.request(request, [], false, 10_000), { code: -32_601 });
      await sides.close();
    });

    it('has its notifications ignored by a side without it', async () => {
      const { extension, counts } = counted(subject.extension);
      const sides = await meet(extension);
      const [peer] = (counts.host as ExtensionHost).peers.values();
      for (const notification of Object.keys(notifications))
        (counts.host as ExtensionHost).session(peer as never).sendSystem(notification, []);
      await sides.callBothWays();
      await sides.close();
    });

    it('keeps nothing of a peer that has gone', async () => {
      const { extension, counts } = counted(subject.extension);
      const sides = await meet(extension);
      const before = sides.stats();
      await sides.callBothWays();
      await sides.leave(counts.host as ExtensionHost);
      const after = sides.stats();
      for (const [key, count] of Object.entries(after))
        if (!sides.coreStats.includes(key)) assert.ok(count <= (before[key] ?? 0), `${key} is ${count}`);
      await sides.close();
    });
  });
}
