import {
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';

export class Silent extends RemoteAPI {
  @incoming({ hasReply: true }) forever(_sender: Sender): Reply<void> {}
  @incoming({ stream: true }) numbers(_sender: Sender): Stream<number> {}
  @outgoing({ hasReply: true }) serve(_to: Receivers): Reply<void> {}
}
