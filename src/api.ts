/** What the entries of the library have in common; they differ in the plug-ins that they bring with them. */

export { parseAddress, readOptions } from './address.js';
export type { APIClass } from './api-class.js';
export type {
  About,
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
  LinkInfo,
  Logger,
  Meaning,
  Message,
  Metadata,
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
export { type SpecOptions, type SpecSource, specFrom } from './dynamic/spec-from.js';
export type {
  AnyHandler,
  Arguments,
  Dynamic,
  HandlerAt,
  HandlerOptions,
  Mounted,
  MountOptions,
  PathOptions,
  PatternHandler,
  ServiceOptions,
  WildCall,
} from './dynamic/types.js';
export type {
  DescribedAPI,
  UntypedAPI,
  UntypedClass,
  UntypedHandlers,
  UntypedMembers,
  UntypedMounted,
  UntypedSide,
  UntypedView,
} from './dynamic/untyped.js';
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
export {
  type ArrivedError,
  type ErrorClass,
  type ErrorClasses,
  type ErrorEntry,
  type ErrorPolicy,
  isOneOf,
  isRemote,
  type LogErrors,
} from './faults.js';
export type { Mark, Marker } from './fits.js';
export type { EntryLogger, LogEntry } from './log-entry.js';
export { declareMethods, incoming, type MethodOptions, outgoing } from './marks.js';
export { type CallState, type ContextKey, contextKey } from './middleware/call-state.js';
export type { CallEvents, UnknownCall } from './middleware/events.js';
export type { CallContext, IncomingCall, Interceptor, OutgoingCall } from './middleware/interceptor.js';
export { type CallLogger, type LineLogger, type LoggedCall, logCalls } from './middleware/log-calls.js';
export type { Stages } from './middleware/stages.js';
export type { CodecPair, CodecSource, Options } from './options.js';
export { type Kept, keep, passed, release, revoke } from './references/handles.js';
export { reference } from './references/marks.js';
export type { Far } from './references/types.js';
export { codec, registerCodec, registerSecurity, registerTransport, security, transport } from './registry.js';
export { type NamespaceOptions, namespace, RemoteAPI } from './remote-api.js';
export type {
  CallOptions,
  Connected,
  Detailed,
  Endpoint,
  Fulfilled,
  Gather,
  Gathered,
  Gathering,
  GatherOptions,
  Group,
  GroupOptions,
  Handler,
  Handlers,
  Incoming,
  IncomingWithSecinfo,
  InDetail,
  Inverted,
  Items,
  MethodDescription,
  Namespace,
  Outgoing,
  Peer,
  PendingCall,
  Receivers,
  Rejected,
  Remote,
  RemoteTelling,
  Reply,
  Reverse,
  Sender,
  Several,
  Side,
  SlowOptions,
  SlowPolicy,
  Stream,
  StreamSource,
  View,
} from './types.js';
export type { Issue } from './validation/issues.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './validation/standard-schema.js';
export { issuesOf, ValidationError } from './validation/validation-error.js';
export { type Class, type SerializableOptions, serializable, type ValueType } from './values/serializable.js';
export { standardTypes } from './values/standard.js';
export { type TemporalNamespace, temporalTypes } from './values/temporal.js';
export type { TypeEntry } from './values/types.js';
