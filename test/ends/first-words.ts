import type { Peer, Side } from 'obverse';
import type { First } from './first-spec.js';

/** Lets a side that has just been opened greet its present and future peers, and add its handlers. */
export function greetsAtOnce(side: Side<First>): void {
  const heard: number[] = [];
  let answer: unknown;
  const greet = (peer: Peer): void => {
    side.heard(peer, { n: 1 });
    side.asked(peer, { n: 2 }).then(
      (value) => {
        answer = value;
      },
      (error: unknown) => {
        answer = String(error);
      },
    );
  };
  for (const peer of side.peers.values()) greet(peer);
  side.on('connect', greet);
  side.hear.connect((_sender, { n }) => void heard.push(n));
  side.ask.connect((_sender, { n }) => n * 10);
  side.report.connect(() => ({ heard, answer }));
}
