import { manyStreams } from './many-streams.js';

manyStreams(10_000);
