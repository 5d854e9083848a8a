import { obverse } from './shared/obverse.js';

// Without hello, so that each message is a frame of its own: as with a peer that is not Obverse.
export default obverse('ws://127.0.0.1:0', 'jrpc?hello=off', (url) => ({ url, client: 'ws' }));
