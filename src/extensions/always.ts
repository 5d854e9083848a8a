import { install, offer } from '../api/extension-registry.js';
import { offeredDynamic } from './dynamic/offer.js';
import { multicast } from './multicast/extension.js';
import { references } from './references/extension.js';
import { streams } from './streams/extension.js';

/** Installs what every side has, in pages too. */
export function installAlways(): void {
  install(streams, references, multicast);
  offer(offeredDynamic);
}
