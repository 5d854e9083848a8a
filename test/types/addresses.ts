import { incoming, RemoteAPI, type Reply, type Sender, type TlsInfo, type TransportSource } from 'obverse';

class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender): Reply<number> {}
}
const C = Chat.invert();
declare module 'obverse' {
  interface TransportOptions {
    mine: { readonly speed?: number };
  }
}

/** Addresses that fit: nothing here runs. */
export async function addresses(text: string, source: TransportSource, port: number): Promise<void> {
  await Chat.serve({
    url: 'tls://0.0.0.0:1',
    cert: 'a.pem',
    key: new Uint8Array(),
    clientCertificate: 'require',
    ca: ['b.pem'],
  });
  await Chat.serve({ url: 'tcp-server://127.0.0.1:1', backlog: 5 });
  await C.connect({
    url: 'reconnect+tls://host:1',
    verify: 'fingerprint',
    fingerprints: ['AB'],
    delay: [1, 2],
    tries: 5,
  });
  await C.connect({ url: `tls://127.0.0.1:${port}`, ca: 'x', minVersion: 'TLSv1.3', alpn: 'a,b' });
  await C.connect({ url: text, anything: 5 });
  await C.connect(source);
  await C.connect('tcp://127.0.0.1:1');
  await C.connect(['tcp://127.0.0.1:1', { url: 'unix:/a', backlog: 1 }]);
  await C.connect({ url: 'other://x', whatever: 5 });
  await C.connect({ url: 'mine:x', speed: 5 });
  await C.connect({ url: 'mux:', parts: [text] });
  await C.connect({ url: 'balance:(tcp://a:1)', by: 'pending', delay: [1, 2], parts: [text, { url: 'ws://b:2' }] });
  await Chat.connect<Chat>({ url: 'tls://h:1', ca: 'x' });
  const side = await C.connect({ url: 'wss://host', ca: 'x', headers: { a: 'b' } }, { reconnect: true });
  const joined: number = await side.remote.join();
  for (const { info } of side.peers.values()) {
    const tls: TlsInfo | undefined = info.tls;
    const name: string | undefined = tls?.certificate?.subject.CN;
    void [joined, name, info.remoteAddress];
  }

  // @ts-expect-error misspelt
  await C.connect({ url: 'tls://h:1', crt: 'a' });
  // @ts-expect-error misspelt
  await C.connect({ url: 'balance:(tcp://a:1)', bye: 'turn' });
  // @ts-expect-error misspelt value
  await C.connect({ url: 'balance:(tcp://a:1)', by: 'trun' });
  // @ts-expect-error not PEM
  await C.connect({ url: 'tls://h:1', key: 5 });
  // @ts-expect-error misspelt value
  await C.connect({ url: 'tls://h:1', verify: 'ful' });
  // @ts-expect-error misspelt, of what is around it
  await C.connect({ url: 'reconnect+tcp://h:1', dealy: 5 });
  // @ts-expect-error not of tcp
  await C.connect({ url: 'tcp://h:1', ca: 'x' });
  // @ts-expect-error misspelt
  await C.connect({ url: `ws://127.0.0.1:${port}`, header: {} });
  // @ts-expect-error of the own transport
  await C.connect({ url: 'mine:x', sped: 5 });
}
