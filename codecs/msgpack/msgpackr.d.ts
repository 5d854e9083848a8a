// A build of msgpackr that compiles nothing at run time. It has its own extension table, which `values.ts` needs.
declare module 'msgpackr/index-no-eval' {
  const msgpackr: Pick<typeof import('msgpackr'), 'Packr' | 'Unpackr' | 'addExtension'>;
  export default msgpackr;
}
