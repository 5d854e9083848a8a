import { obverse } from './shared/obverse.js';

export default obverse('tcp://127.0.0.1:0', 'msgpack');
