import { expect, it } from 'vitest';
import { registerLazy } from '../../src/api/extension-registry.js';
import { RemoteAPI } from '../../src/index.js';

class Plain extends RemoteAPI {}

it('loads a lazy extension again if it could not be loaded, and only once after that', async () => {
  let loads = 0;
  const options = { flaky: () => undefined };
  registerLazy({
    name: 'flaky',
    entry: 'obverse/flaky',
    options,
    when: { options: ['flaky'] },
    load: async () => {
      if (++loads === 1) throw new Error('offline');
      return { name: 'flaky', options };
    },
  });
  const serve = async (): Promise<void> => {
    const side = await Plain.serve('memory:', { flaky: true } as object);
    await side.close();
  };
  await expect(Promise.all([serve(), serve()])).rejects.toThrow('offline');
  expect(loads).toBe(1);
  await serve();
  await serve();
  expect(loads).toBe(2);
});
