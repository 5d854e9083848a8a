/** What the entries of the library have in common; they differ in the plug-ins that they bring with them. */

export type { Extension, ExtensionHost, SideExtension } from './api/extension.js';
export { install } from './api/install.js';
export { isRemote } from './api/is-remote.js';
export { namespace, RemoteAPI } from './api/remote-api.js';
export type { Invoke, Layer } from './calls/layer.js';
export { parseAddress, readOptions } from './contract/address.js';
export type { Stages } from './contract/codec-stages.js';
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
  Delivery,
  Envelope,
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
  Redialer,
  RedialWatch,
  Reply as ReplyMessage,
  Sealed,
  Security,
  SecurityFactory,
  SecurityInfo,
  Transport,
  TransportFactory,
  TransportMaker,
  TransportSource,
  Wire,
} from './contract/contract.js';
export {
  Aborted,
  Code,
  ConnectionLost,
  ProtocolError,
  RemoteError,
  RpcError,
  TimeoutError,
  UsageError,
} from './contract/errors.js';
export type { CertificateInfo, CertificateName, TlsInfo } from './contract/link-info.js';
export { type SpecOptions, type SpecSource, specFrom } from './extensions/dynamic/spec-from.js';
export { isOneOf } from './extensions/errors/one-of.js';
export { contextKey } from './extensions/middleware/context-key.js';
export { logCalls } from './extensions/middleware/log-calls.js';
export { type Kept, keep, passed, release, revoke } from './extensions/references/handles.js';
export { reference } from './extensions/references/reference-mark.js';
export { topic } from './extensions/topics/topic.js';
export type { Issue } from './extensions/validation/issues.js';
export { issuesOf, ValidationError } from './extensions/validation/validation-error.js';
export { type SerializableOptions, serializable } from './extensions/values/serializable.js';
export { standardTypes } from './extensions/values/standard.js';
export { type TemporalNamespace, temporalTypes } from './extensions/values/temporal.js';
export { codec, registerCodec, registerSecurity, registerTransport, security, transport } from './plugins/registry.js';
export { declareMethods, incoming, outgoing } from './spec/decorators.js';
export type {
  Authenticate,
  Credentials,
  CredentialsSource,
  Handshake,
  PeerUser,
  Register,
} from './types/authentication.js';
export type { CallOptions, GatherOptions, MethodDescription, PendingCall } from './types/call-options.js';
export type { CallState, ContextKey } from './types/call-state.js';
export type { CloseOptions } from './types/closing.js';
export type {
  Detailed,
  Gather,
  Handler,
  Handlers,
  Incoming,
  IncomingWithSecurityInfo,
  InDetail,
  Inverted,
  Outgoing,
  Remote,
  RemoteWithProgress,
  Reverse,
  View,
} from './types/derived.js';
export type {
  AnyHandler,
  Arguments,
  HandlerAt,
  HandlerOptions,
  MountOptions,
  PathOptions,
  PatternHandler,
  ServiceOptions,
  WildCall,
} from './types/dynamic.js';
export type { ArrivedError, ErrorClass, ErrorClasses, ErrorEntry, ErrorPolicy, LogErrors } from './types/errors.js';
export type { Fulfilled, Gathered, Gathering, Rejected } from './types/gathering.js';
export type {
  CallContext,
  CallEvents,
  CallLogger,
  IncomingCall,
  Interceptor,
  LineLogger,
  LoggedCall,
  OutgoingCall,
  UnknownCall,
} from './types/interceptor.js';
export type { EntryLogger, LogEntry } from './types/log-entry.js';
export type { Mark, Marker } from './types/marker.js';
export type { Items, Reply, Stream, StreamSource } from './types/method.js';
export type { MethodOptions } from './types/method-options.js';
export type { CodecPair, CodecSource, Concurrency, NamespaceOptions, Options } from './types/options.js';
export type {
  Group,
  GroupOptions,
  Peer,
  Receivers,
  Sender,
  Several,
  SlowOptions,
  SlowPolicy,
  Topic,
} from './types/peers.js';
export type { Far } from './types/references.js';
export type { Resumed, ResumeEvents, ResumeOptions, Visitor } from './types/resume.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './types/schema.js';
export type {
  APIClass,
  Connected,
  DescribedAPI,
  Dynamic,
  Endpoint,
  Mounted,
  Namespace,
  Side,
  UntypedAPI,
  UntypedClass,
  UntypedHandlers,
  UntypedMembers,
  UntypedMounted,
  UntypedSide,
  UntypedView,
} from './types/side.js';
export type { QueueStats, SideStats } from './types/stats.js';
export type {
  CertificateOptions,
  FramingOption,
  MemoryOptions,
  ProcessOptions,
  RedialAddressOptions,
  Source,
  TcpOptions,
  TlsOptions,
  TransportOptions,
  UdpOptions,
  WebSocketOptions,
} from './types/transport-options.js';
export type { Class, TypeEntry, ValueType } from './types/values.js';
