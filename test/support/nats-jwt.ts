import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';

/** What a server needs to accept users by their credentials files, and such a file. */
export interface Credentials {
  readonly config: string;
  readonly file: string;
}

/** An operator, an account and a user, made each time. */
export function makeCredentials(): Credentials {
  const [operator, account, user] = [createOperator(), createAccount(), createUser()];
  const all = { subs: -1, data: -1, payload: -1 };
  const operatorToken = sign(operator, operator, 'operator', {});
  const accountToken = sign(operator, account, 'account', {
    limits: { ...all, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
  });
  const userToken = sign(account, user, 'user', { pub: {}, sub: {}, ...all });
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    config: `operator: ${operatorToken}\nresolver: MEMORY\nresolver_preload: { ${account.getPublicKey()}: ${accountToken} }\n`,
    file: `-----BEGIN NATS USER JWT-----\n${userToken}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
  };
}

function sign(issuer: KeyPair, subject: KeyPair, type: string, contents: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    jti: `${type}-${subject.getPublicKey()}`,
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: type,
    nats: { ...contents, type, version: 2 },
  };
  const body = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(claims)}`;
  return `${body}.${Buffer.from(issuer.sign(Buffer.from(body))).toString('base64url')}`;
}
