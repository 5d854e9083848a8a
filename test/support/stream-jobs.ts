import { incoming, RemoteAPI, type Sender } from '../../src/index.js';

/** What the workers of a stream do in tests. */
export class Jobs extends RemoteAPI {
  @incoming job(_sender: Sender, _args: { n: number }): void {}
}
