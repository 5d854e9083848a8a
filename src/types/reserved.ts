/** The names of the members of every namespace of a side. */
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

/** The names of the additional members of a side. */
type EndpointName =
  | 'peers'
  | 'address'
  | 'stats'
  | 'everyone'
  | 'group'
  | 'subscribe'
  | 'flush'
  | 'queueStats'
  | 'describe'
  | 'open'
  | 'changeTransport'
  | 'reconnect'
  | 'close'
  | typeof Symbol.asyncDispose;

/**
 * The names of the members of a side, and names that would make it a promise. A test compares them with the keys of
 * `Endpoint`.
 */
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
