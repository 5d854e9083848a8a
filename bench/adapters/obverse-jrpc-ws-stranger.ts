import { obverse } from './shared/obverse.js';

// Nobody says hello, so that each message is a frame of its own: what a peer that is no Obverse would see.
export default obverse('ws://127.0.0.1:0', 'jrpc?hello=off', (url) => ({ url, client: 'ws' }));
