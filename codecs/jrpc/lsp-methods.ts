import { type DialectMethods, isToken } from './dialect-methods.js';

/** https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#errorCodes: RequestCancelled. */
const REQUEST_CANCELLED = -32_800;

/**
 * The messages of the Language Server Protocol: `$/cancelRequest`, `$/progress` and the field `workDoneToken`
 * (https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#cancelRequest and
 * #progress). A cancellation carries no reason. The field `partialResultToken`, under which the items of a result are
 * sent one by one, is left to the application.
 */
export const lspMethods: DialectMethods = {
  cancel: {
    method: '$/cancelRequest',
    toParams: ([id]) => ({ id }),
    toArgs: ({ id }) => (isToken(id) ? [id] : undefined),
  },
  progress: {
    method: '$/progress',
    toParams: ([token, value]) => ({ token, value: value ?? null }),
    toArgs: ({ token, value }) => (isToken(token) ? [token, value] : undefined),
  },
  tokenIn: ({ workDoneToken }) => workDoneToken,
  addToken: (params, token) => {
    params.workDoneToken ??= token;
  },
  nullMayBeNothing: true,
  aborted: REQUEST_CANCELLED,
};
