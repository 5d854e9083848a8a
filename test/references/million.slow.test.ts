import { leaveNothingBehind } from './many-calls.js';

leaveNothingBehind(1_000_000);
