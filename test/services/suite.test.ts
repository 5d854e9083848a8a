import { describe, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import '../../src/index.js';
import { testService } from '../../src/testing/index.js';
import memory from '../../transports/memory.js';
import { serviceRoom } from '../../transports/shared/memory/service.js';

let rooms = 0;
for (const how of ['', '&blind']) {
  const name = (): string => `suite${rooms}`;
  const address = () => parseAddress(`memory:${name()}?service&callBeat=400${how}`);
  testService(
    { describe, it },
    {
      name: `memory:room?service${how}`,
      forms: ['text', 'bytes', 'values'],
      fresh: () => void rooms++,
      server: (wire) => memory(address(), wire),
      client: (wire) => memory(address(), wire),
      async interrupt() {
        const room = serviceRoom(name());
        room.isAway = true;
        return () => {
          room.isAway = false;
        };
      },
    },
  );
}
