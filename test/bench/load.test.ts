import { describe, expect, it } from 'vitest';
import { type Caller, Service } from '../../bench/contestant.js';
import { carry } from '../../bench/run/load.js';

function caller(changes: Partial<Caller> = {}): Caller {
  const service = new Service();
  return {
    add: async (a, b) => service.add(a, b),
    note: (n) => service.note(n),
    counted: async () => service.counted(),
    bytes: async (value) => Uint8Array.from(value),
    close() {},
    ...changes,
  };
}

describe('a load', () => {
  it('counts the answers, and keeps the requested number of calls in flight', async () => {
    let open = 0;
    let most = 0;
    const add = async (a: number, b: number): Promise<number> => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      return a + b;
    };
    const { count } = await carry(caller({ add }), { kind: 'calls', inFlight: 7 }, { count: 100 });
    expect(most).toBe(7);
    expect(count).toBeGreaterThanOrEqual(100);
    expect(count).toBeLessThan(107);
  });

  it('ends after its duration', async () => {
    const add = (a: number, b: number): Promise<number> => new Promise((resolve) => setImmediate(() => resolve(a + b)));
    const { count, ms } = await carry(caller({ add }), { kind: 'calls', inFlight: 1 }, { ms: 20 });
    expect(count).toBeGreaterThan(0);
    expect(ms).toBeGreaterThanOrEqual(19);
  });

  it('throws if one sum is wrong', async () => {
    let calls = 0;
    const add = async (a: number, b: number): Promise<number> => (++calls === 50 ? a : a + b + 0);
    const wrong = carry(caller({ add }), { kind: 'calls', inFlight: 2 }, { count: 100 });
    await expect(wrong).rejects.toThrow(/^add\(\d+, 1\) was answered \d+$/);
  });

  it('throws if one notification is lost', async () => {
    const service = new Service();
    let told = 0;
    const note = (n: number): void => {
      if (++told !== 500) service.note(n);
    };
    const lossy = caller({ note, counted: async () => service.counted() });
    await expect(carry(lossy, { kind: 'notes' }, { count: 1_000 })).rejects.toThrow(/were sent, \d+ arrived/);
  });

  it('counts notifications from where an earlier load ended', async () => {
    const same = caller();
    await carry(same, { kind: 'notes' }, { count: 1_000 });
    await expect(carry(same, { kind: 'notes' }, { count: 1_000 })).resolves.toHaveProperty('count');
  });

  it('throws if one byte is changed', async () => {
    const bytes = async (value: Uint8Array): Promise<Uint8Array> => {
      const copy = Uint8Array.from(value);
      copy[700_000] = (copy[700_000] ?? 0) ^ 1;
      return copy;
    };
    await expect(carry(caller({ bytes }), { kind: 'bytes', inFlight: 1 }, { count: 1 })).rejects.toThrow('other bytes');
  });
});
