import { answerRooms, furnished, Rooms } from './rooms.js';

// In a worker: serves the page that has started it, with the features that are loaded only when a spec or an option
// needs them.
answerRooms(await Rooms.serve<Rooms>('port:parent', { ...furnished, codec: 'jrpc' }));
