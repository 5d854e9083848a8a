import { obverse } from './shared/obverse.js';

export default obverse('ws://127.0.0.1:0', 'jrpc', (url) => ({ url, client: 'ws' }));
