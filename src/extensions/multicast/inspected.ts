import { count, showAs } from '../../api/show-as.js';
import { GatheredReplies } from './gathered-replies.js';

/** Lets `console.log` show the gathered replies of several peers in a line. */
export function showGathered(): void {
  showAs(GatheredReplies.prototype, ({ path, parts }) => {
    const settled = parts.filter(({ outcome }) => outcome !== undefined).length;
    return `Gathering ${path} { ${count(settled, 'answer')} of ${count(parts.length, 'peer')} }`;
  });
}
