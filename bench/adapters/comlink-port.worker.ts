import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { Service } from '../contestant.js';

expose(new Service(), nodeEndpoint(parentPort!));
