import { Room } from '../room.js';

/**
 * Streams are loaded when a side is opened whose spec has one, and with what can call, mount or pass others: `obverse/dynamic` and
 * `obverse/references`. So they are there wherever a stream is called or served on an open side.
 */
export const streams: Room<typeof import('./room.js')> = new Room(() => import('./room.js'));
