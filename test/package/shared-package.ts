import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names a folder for what the files of one run share, above all the packed library; it is deleted when the run ends. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'obverse-shared-'));
  process.env.OBVERSE_SHARED = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
