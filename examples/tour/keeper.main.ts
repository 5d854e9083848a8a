// The other process, thread or program: serves a room at the address in its arguments, until its parent disconnects.
import { keepRoom } from './keeper.js';

const [address = 'stdio:', codec = 'jrpc'] = process.argv.slice(2);
const room = await keepRoom(address, { codec });
process.send?.(room.address);
process.once('disconnect', () => void room.close());
room.on('disconnect', () => {
  // A link with a single visitor: the room ends with it.
  if (address === 'stdio:' || address === 'port:parent') void room.close();
});
