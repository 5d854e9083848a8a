import type { Logger, Parcel } from '../../src/contract/contract.js';

/**
 * Copies parcels as a MessagePort does, and moves what they say is to be moved. A parcel that goes to many is given to
 * each of their links, so handing it over as it is would give them one object between them. What cannot be copied (moved
 * already, to another receiver) is reported and left out: the link is not to blame, and the call runs into its timeout.
 */
export function copyParcels(parcels: readonly Parcel[], logger: Pick<Logger, 'error'>): Parcel[] {
  const copies: Parcel[] = [];
  for (const parcel of parcels) {
    try {
      const transfer = parcel.transfer as Transferables;
      copies.push({ values: structuredClone(parcel.values, { transfer }), transfer: [], length: parcel.length });
    } catch (error) {
      reportLost(error, logger);
    }
  }
  return copies;
}

/** Says that a parcel was not sent, and why. */
export function reportLost(error: unknown, logger: Pick<Logger, 'error'>): void {
  logger.error('a message was not sent: its values cannot be copied, or were transferred to another receiver', error);
}

type Transferables = NonNullable<NonNullable<Parameters<typeof structuredClone>[1]>['transfer']>;
