/** The names that every namespace of a side has itself. */
type NamespaceName =
  | 'implement'
  | 'to'
  | 'with'
  | 'remote'
  | 'gather'
  | 'use'
  | 'on'
  | 'pendingCalls'
  | 'unhandledCalls'
  | 'setHandler'
  | 'mount'
  | 'unmount'
  | 'pathOf'
  | 'resolvePath'
  | 'callPath'
  | 'notifyPath'
  | 'streamPath';

/** The names that a side has itself beside those. */
type EndpointName =
  | 'peers'
  | 'address'
  | 'stats'
  | 'everyone'
  | 'group'
  | 'describe'
  | 'open'
  | 'changeTransport'
  | 'close'
  | typeof Symbol.asyncDispose;

/** The names that a side has itself, or that would make it a promise. A test compares them with the keys of `Endpoint`. */
export type Reserved =
  | NamespaceName
  | EndpointName
  | 'then'
  | 'detailed'
  | 'onMessageError'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable';
