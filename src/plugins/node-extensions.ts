import type { Extension } from '../api/extension.js';
import { addressProof } from '../extensions/address-proof/extension.js';
import { diagnostics } from '../extensions/diagnostics/extension.js';
import { extensions } from './extensions.js';

/**
 * The extensions that are installed from the beginning on Node, Bun and Deno: finding a file on a disk costs more than
 * its contents, so nothing is loaded later.
 */
export const nodeExtensions: readonly Extension[] = [diagnostics, addressProof, ...extensions];
