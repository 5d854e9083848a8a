interface Runtime {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  readonly Deno?: { readonly permissions?: { querySync?(permission: object): { readonly state: string } } };
}

/**
 * An environment variable. Undefined if there are none, as in a browser, and if the program may not read it: Deno would
 * otherwise ask its user for the permission.
 */
export function environmentVariable(name: string): string | undefined {
  try {
    const { process, Deno } = globalThis as Runtime;
    const permission = Deno?.permissions?.querySync?.({ name: 'env', variable: name });
    return permission === undefined || permission.state === 'granted' ? process?.env?.[name] : undefined;
  } catch {
    return undefined;
  }
}
