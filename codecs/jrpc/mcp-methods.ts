import { type DialectMethods, type Fields, isToken } from './dialect-methods.js';

/**
 * The messages of the Model Context Protocol: `notifications/cancelled`, `notifications/progress` and the field
 * `_meta.progressToken` (https://modelcontextprotocol.io/specification/2025-06-18/basic/utilities/cancellation and
 * /progress). Progress is an object with the number `progress` and optionally `total` and `message`; a bare number
 * stands for that number. The protocol requires that it increases, which is left to the application.
 */
export const mcpMethods: DialectMethods = {
  cancel: {
    method: 'notifications/cancelled',
    toParams: ([requestId, reason]) => (typeof reason === 'string' ? { requestId, reason } : { requestId }),
    toArgs: ({ requestId, reason }) => {
      if (!isToken(requestId)) return undefined;
      return typeof reason === 'string' ? [requestId, reason] : [requestId];
    },
  },
  progress: {
    method: 'notifications/progress',
    toParams: ([progressToken, value]) => ({ ...progressOf(value), progressToken }),
    toArgs: ({ progressToken, ...value }) => (isToken(progressToken) ? [progressToken, value] : undefined),
  },
  tokenIn: ({ _meta }) => (isFields(_meta) ? _meta.progressToken : undefined),
  addToken: (params, token) => {
    const meta = isFields(params._meta) ? params._meta : {};
    meta.progressToken ??= token;
    params._meta = meta;
  },
  nullMayBeNothing: false,
  aborted: undefined,
};

function progressOf(value: unknown): Fields {
  const fields = typeof value === 'number' ? { progress: value } : value;
  if (isFields(fields) && Number.isFinite(fields.progress)) return fields;
  throw new TypeError(
    'the progress of a call over MCP must be a number, or { progress, total?, message? } with a number as progress',
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
