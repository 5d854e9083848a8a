import { it } from 'vitest';
import { cancelThousands } from './work.js';

it('a call that its caller cancels leaves nothing behind, 100,000 times', () => cancelThousands(100), 300_000);
