import { addCallOptions } from '../spec/call-options.js';
import type { SlowOptions } from '../types/peers.js';
import { NamedRoom } from './room.js';
import { windowExpects } from './streams/window-option.js';

/*
 * The parts of the library that a page imports by name, where it uses them: some are loaded by themselves where an option or a mark
 * asks for them. Other runtimes have them from the beginning.
 */

/** Many receivers: groups, the answers of all, what becomes of those who are slow. */
export const many: NamedRoom<typeof import('./multicast/room.js')> = new NamedRoom(
  () => import('./multicast/room.js'),
  'obverse/multicast',
);

function slowly(name: keyof SlowOptions): (value: unknown) => string | undefined {
  return (value) => many.must(`the option "${name}"`).slowOptionExpects(name, value);
}

addCallOptions(
  { window: windowExpects, slow: slowly('slow'), keep: slowly('keep'), slowBytes: slowly('slowBytes') },
  (options) => {
    const { slow, keep, slowBytes } = options;
    if (slow !== undefined || keep !== undefined || slowBytes !== undefined)
      many.must('the option "slow"').mustBelong(options);
  },
);
