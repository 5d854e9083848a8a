import { endpointOf } from '../../src/api/side-class.js';

/** Cuts the links of a side, as a network does: neither end says anything of its session. */
export function cutLinks(side: object): void {
  for (const { link } of endpointOf(side).connections()) link.close(new Error('cut by the network'));
}
