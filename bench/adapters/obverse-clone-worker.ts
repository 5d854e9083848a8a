import type { Adapter } from '../contestant.js';
import { connect } from './shared/obverse.js';

export default {
  connect: () => connect(`worker:${new URL('./obverse-clone-worker.worker.js', import.meta.url)}`, 'clone'),
} satisfies Adapter;
