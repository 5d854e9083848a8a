import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { DynamicMethods } from './dynamic-methods.js';
import { dynamicMembers } from './members.js';

/** Methods that no spec declares: handlers by path, mounts, calls by path. */
export const dynamic: Extension = {
  name: 'dynamic',
  members: Object.getOwnPropertyDescriptors(dynamicMembers),
  attach: (host: RpcEndpoint) => ({ methods: new DynamicMethods(host) }),
};
