import { threadId } from 'node:worker_threads';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** A server in a process or a worker of its own, which a client has started as a part: it tells which it is, and ends when it is told to. */
class Jobs extends RemoteAPI {
  @incoming({ hasReply: true }) who(_sender: Sender): Reply<string> {}
  @incoming told(_sender: Sender, _args: { text: string }): void {}
}

const side = await Jobs.serve(process.argv[2] === 'stdio' ? 'stdio:' : 'port:parent', { logger: null });
side.who.connect(() => `${process.pid}.${threadId}`);
side.told.connect(() => process.exit(1));
