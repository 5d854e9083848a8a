import { Post } from './spec.js';

// In a worker: serves the page that has started it, until the page calls `hold`.
const post = await Post.serve<Post>('port:parent', { resume: true });
post.ask.connect((_sender, { n }) => n * 2);
post.hold.connect(() => {
  setTimeout(() => void post.close());
  return new Promise<number>(() => {});
});
