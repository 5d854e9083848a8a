import { answer, Desk, Taken } from './spec.js';

// In a worker: serves the page that has started it.
answer(await Desk.serve('port:parent', { codec: 'clone', errorClasses: [Taken] }));
