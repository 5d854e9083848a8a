import { leaveNothingBehind } from './many-calls.js';

// A million of them are in million.slow.test.ts.
leaveNothingBehind(10_000);
