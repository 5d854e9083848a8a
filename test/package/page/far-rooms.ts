import { answerRooms, furnished, Rooms } from './rooms.js';

// In a worker: serves the page that has started it, with what is loaded only when a spec or an option asks for it.
answerRooms(await Rooms.serve<Rooms>('port:parent', { ...furnished, codec: 'jrpc' }));
