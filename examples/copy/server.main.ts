// The other end: `tsx server.main.ts <folder>` serves a folder to the process that has started it.
import { serveFiles } from './server.js';

await serveFiles('stdio:', process.argv[2] ?? '.');
