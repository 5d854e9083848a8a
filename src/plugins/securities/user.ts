import { readOptions } from '../../contract/address.js';
import type { Address, Security } from '../../contract/contract.js';

/**
 * Says who sends, and believes whatever is said: `user?user=ann`. The model calls it `blindly_believe_everything`. For
 * tests, and where the transport has made sure who is there.
 */
export default function user(address: Address): Security {
  const info = { user: readOptions(address, { user: 'text' }).user ?? '' };
  return {
    seal: () => ({ info }),
    open: (payload) => payload,
  };
}
