import { Room } from './room.js';

/*
 * The parts of the library that a page imports by name, where it uses them: they are there at once or not at all. Other runtimes
 * have them from the beginning.
 */

/** What no spec declares: handlers and calls by path, what is mounted. */
export const dynamic: Room<typeof import('./dynamic/room.js')> = new Room(
  () => import('./dynamic/room.js'),
  'obverse/dynamic',
);

/** What is passed by reference: functions, objects, streams as arguments. */
export const references: Room<typeof import('./references/room.js')> = new Room(
  () => import('./references/room.js'),
  'obverse/references',
);

/** Who stands around calls: interceptors, listeners, what is logged. */
export const middleware: Room<typeof import('./middleware/room.js')> = new Room(
  () => import('./middleware/room.js'),
  'obverse/middleware',
);

/** Many receivers: groups, the answers of all, what becomes of those who are slow. */
export const many: Room<typeof import('./many/room.js')> = new Room(() => import('./many/room.js'), 'obverse/many');
