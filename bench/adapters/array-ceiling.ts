import { ceiling, type Envelope, json, middle } from './shared/ceiling.js';

const CALL = 0;
const REPLY = 1;
const FAULT = 2;
const NOTE = 3;
const between = (quoted: string): string => `,${quoted},`;

/** `[type, id, method, args]`, one per line: the leanest JSON that still names the method. */
export const positions: Envelope = {
  call: (id, method, args) => `[${CALL},${id}${middle(method, between)}${JSON.stringify(args)}]\n`,
  note: (method, args) => `[${NOTE},0${middle(method, between)}${JSON.stringify(args)}]\n`,
  reply: (id, value) => `[${REPLY},${id},${json(value)}]\n`,
  fault: (id, message) => `[${FAULT},${id},${json(message)}]\n`,
  read(line, to) {
    const message = JSON.parse(line) as [number, number, unknown, unknown[]];
    switch (message[0]) {
      case CALL:
        to.take(message[1], message[2] as string, message[3]);
        break;
      case REPLY:
        to.settle(message[1], message[2]);
        break;
      case NOTE:
        to.take(undefined, message[2] as string, message[3]);
        break;
      default:
        to.fail(message[1], message[2] as string);
    }
  },
};

export default ceiling(positions);
