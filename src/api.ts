/** What the entries of the library have in common; they differ in the plug-ins that they bring with them. */

export { parseAddress, readOptions } from './address.js';
export type {
  Accept,
  Address,
  AddressObject,
  Bad,
  Batch,
  Call,
  Codec,
  CodecFactory,
  Fault,
  FaultBody,
  Form,
  Frame,
  Framing,
  FramingFactory,
  FramingName,
  Id,
  Limits,
  Link,
  Logger,
  Message,
  Outbound,
  Parcel,
  Receiver,
  Reply as ReplyMessage,
  Sealed,
  SecInfo,
  Security,
  SecurityFactory,
  Transport,
  TransportFactory,
  TransportMaker,
  TransportSource,
  Wire,
} from './contract.js';
export {
  Aborted,
  Code,
  ConnectionLost,
  ProtocolError,
  RemoteError,
  RpcError,
  TimeoutError,
  UsageError,
} from './errors.js';
export type { ErrorClass, ErrorPolicy } from './faults.js';
export type { Mark, Marker } from './fits.js';
export { declareMethods, incoming, type MethodOptions, outgoing } from './marks.js';
export type { CodecPair, CodecSource, Options } from './options.js';
export { codec, registerCodec, registerSecurity, registerTransport, security, transport } from './registry.js';
export { type APIClass, namespace, RemoteAPI } from './remote-api.js';
export type {
  CallOptions,
  Endpoint,
  Gather,
  Gathered,
  Handler,
  Handlers,
  Incoming,
  IncomingWithSecinfo,
  Inverted,
  MethodDescription,
  Namespace,
  Outgoing,
  Peer,
  Receivers,
  Remote,
  Reply,
  Reverse,
  Sender,
  Side,
  Stream,
} from './types.js';
