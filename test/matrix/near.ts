// The connecting side as a program: tries every feature in both directions, and reports what went wrong.
import { standardTypes } from 'obverse';
import { Overdrawn, Stage } from './abilities.js';
import { behave } from './behave.js';
import { features, perform } from './features.js';

const [address = '', codec = 'jrpc'] = process.argv.slice(2);
const options = { codec, types: [standardTypes], errorClasses: [Overdrawn], logger: null };
const argv = ['port:parent', codec];
const near = await Stage.invert().connect(address.startsWith('worker:') ? { url: address, argv } : address, options);
behave(near, near.here, near.there);
let tried = 0;
for (const feature of Object.keys(features)) {
  for (const outcome of [
    await perform(feature, near.there, { link: address, codec }),
    await near.remote.perform({ feature }),
  ]) {
    tried++;
    if (outcome !== 'done') console.log(`${feature}: ${outcome}`);
  }
}
console.log(`tried ${tried}`);
// The other side closes, and so both programs exit.
near.leave(null);
await near.close();
