import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Creates a folder for the files that one run shares, above all the packed library; it is deleted when the run ends.
 */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'obverse-shared-'));
  process.env.OBVERSE_SHARED = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
