import { expect, it } from 'vitest';
import { Notes } from '../types/generic.js';

it('serves and calls the methods of a generic class through the class that extends it', async () => {
  await using notes = await Notes.serve('memory:generic');
  await using client = await Notes.invert().connect('memory:generic');
  notes.create.connect((_sender, { text }) => ({ id: 'a', text }));
  notes.find.connect((_sender, { text } = {}) => [{ id: 'b', text: text ?? '' }]);
  const changed: unknown[] = [];
  client.changed.connect((_sender, note) => changed.push(note));

  expect(await client.remote.create({ text: 'hello' })).toEqual({ id: 'a', text: 'hello' });
  const found: unknown[] = [];
  for await (const note of client.remote.find({ text: 'x' })) found.push(note);
  expect(found).toEqual([{ id: 'b', text: 'x' }]);
  notes.changed(null, { id: 'a', text: 'bye' });
  await client.remote.create({ text: '' });
  expect(changed).toEqual([{ id: 'a', text: 'bye' }]);
});
