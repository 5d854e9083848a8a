import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNeovim } from '../../examples/neovim.js';

const absent = spawnSync('nvim', ['--version']).status !== 0;
if (absent) console.warn('Neovim is not tested: there is no program nvim (Debian: apt-get install neovim)');

describe.skipIf(absent)('Neovim', () => {
  let nvim: Awaited<ReturnType<typeof startNeovim>>;
  beforeEach(async () => {
    nvim = await startNeovim();
  });
  afterEach(() => nvim.close());

  it('answers calls, and its errors have their text', async () => {
    expect(await nvim.remote.eval('6 * 7')).toBe(42);
    expect(await nvim.remote.eval('[1, {"a": "b"}, v:null]')).toEqual([1, { a: 'b' }, null]);
    await expect(nvim.remote.eval('nothing_of_the_kind')).rejects.toMatchObject({
      name: 'RemoteError',
      message: expect.stringContaining('nothing_of_the_kind'),
    });
  });

  it('edits its buffer, and reports changes', async () => {
    const told = new Promise<string[]>((resolve) => {
      nvim.changed.connect((_nvim, _buffer, _tick, _first, _last, lines) => lines.includes('world') && resolve(lines));
    });
    expect(await nvim.remote.attach(0, false, {})).toBe(true);
    await nvim.remote.setLines(0, 0, -1, false, ['hello', 'world']);
    expect(await told).toEqual(['hello', 'world']);
    await nvim.remote.command('1delete');
    expect(await nvim.remote.lines(0, 0, -1, false)).toEqual(['world']);
  });

  it('calls back, and waits for the answer while it is being called itself', async () => {
    nvim.ask.connect(async (_nvim, question) => `${question} ${await nvim.remote.eval('"yes"')}`);
    const [channel] = await nvim.remote.info();
    expect(await nvim.remote.eval(`rpcrequest(${channel}, "ask", "ready?")`)).toBe('ready? yes');
  });

  it('receives the error of a call to Obverse', async () => {
    nvim.ask.connect(() => {
      throw new Error('no idea');
    });
    const [channel] = await nvim.remote.info();
    await expect(nvim.remote.eval(`rpcrequest(${channel}, "ask", "why?")`)).rejects.toThrow('no idea');
  });
});
