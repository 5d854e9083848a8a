import { leaveNothingBehind } from './many-calls.js';

// A million calls are in million.slow.test.ts.
leaveNothingBehind(10_000);
