import { answer, Desk, Taken } from './spec.js';

// In a worker: serves the page that has started it.
const desk = await Desk.serve('port:parent', { codec: 'clone', errorClasses: [Taken] });
answer(desk);
// Instead of the end of the connection, the worker ends: after closing its side, or without.
desk.quit.connect((_sender, { by }) => {
  if (by === 'self.close()') setTimeout(() => (globalThis as unknown as { close(): void }).close());
  else setTimeout(() => void desk.close());
  return new Promise<void>(() => {});
});
