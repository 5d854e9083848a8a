// The other process, thread or program: keeps a room at the address that it is given, until it is told to go.
import { keepRoom } from './keeper.js';

const [address = 'stdio:', codec = 'jrpc'] = process.argv.slice(2);
const room = await keepRoom(address, { codec });
process.send?.(room.address);
process.once('disconnect', () => void room.close());
room.on('disconnect', () => {
  // A link that leads to one visitor alone ends the room with it.
  if (address === 'stdio:' || address === 'port:parent') void room.close();
});
