import type { Extension } from '../api/extension.js';
import { addressProof } from '../extensions/address-proof/extension.js';
import { diagnostics } from '../extensions/diagnostics/extension.js';
import { extensions } from './extensions.js';

/**
 * The extensions that are installed on Node, Bun and Deno from the beginning: to find a file on a disk costs more than what is in it, so
 * nothing is loaded later.
 */
export const nodeExtensions: readonly Extension[] = [diagnostics, addressProof, ...extensions];
