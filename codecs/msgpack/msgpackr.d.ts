// A build of msgpackr that compiles nothing at run time. It has the extension table of its own that `values.ts` wants.
declare module 'msgpackr/index-no-eval' {
  const msgpackr: Pick<typeof import('msgpackr'), 'Packr' | 'Unpackr' | 'addExtension'>;
  export default msgpackr;
}
