// What two builds of the library carry between two processes on the loopback: a client and a server, each on a core of its own.
//   npx tsx bench/apart.ts BEFORE AFTER [--loads call,notify,stream,callback,one-each] [--in-flight 1,64,256,1024]
//     [--codecs jrpc,msgpack] [--transports tcp,ws] [--pairs 30] [--cores 0,1] [--processes 3] [--ms 400] [--warm 1500]
// A pair measures both builds, one after the other, in an order that alternates; the processes are started anew a few times.
// Printed are the medians of the ratios after/before of the rate and of the CPU time of both ends for each call, with their
// 95 % confidence intervals. `--warm`: how long, in ms, each build runs before it counts. `--cores 0` puts all processes on one core.
import { parseArgs } from 'node:util';
import type { Order } from './run/apart-end.js';
import { compareApart, WARM_MS } from './run/apart-pairs.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    loads: { type: 'string', default: 'call' },
    'in-flight': { type: 'string', default: '64' },
    codecs: { type: 'string', default: 'jrpc' },
    transports: { type: 'string', default: 'tcp' },
    pairs: { type: 'string', default: '30' },
    processes: { type: 'string', default: '3' },
    cores: { type: 'string', default: '0,1' },
    ms: { type: 'string', default: '400' },
    warm: { type: 'string', default: `${WARM_MS}` },
  },
});
if (positionals.length < 2) throw new Error('BEFORE and AFTER are folders of builds');

const [serverCore = '0', clientCore = serverCore] = values.cores.split(',');

for (const transport of values.transports.split(','))
  for (const codec of values.codecs.split(','))
    for (const load of values.loads.split(',') as Order['load'][])
      for (const inFlight of values['in-flight'].split(',')) {
        const compared = await compareApart(positionals, {
          order: { load, inFlight: Number(inFlight), ms: Number(values.ms) },
          codec,
          transport,
          pairs: Number(values.pairs),
          starts: Number(values.processes),
          warm: Number(values.warm),
          cores: [serverCore, clientCore],
        });
        for (const { folder, what, text } of compared)
          console.log(`${compared.length > 1 ? `${folder}: ` : ''}${what}: ${text}`);
      }
