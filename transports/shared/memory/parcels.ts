import type { Logger, Parcel } from '../../../src/contract/contract.js';

/**
 * Copies packets as a MessagePort does, and moves the objects listed to be moved. A packet for several receivers is
 * passed to each of their links, so without a copy they would share one object. A packet that cannot be copied (because
 * its objects have moved to another receiver) is reported and dropped: the link is not at fault, and the call runs into
 * its timeout.
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

/** Reports that a packet was not sent, and why. */
export function reportLost(error: unknown, logger: Pick<Logger, 'error'>): void {
  logger.error('a message was not sent: its values cannot be copied, or were transferred to another receiver', error);
}

type Transferables = NonNullable<NonNullable<Parameters<typeof structuredClone>[1]>['transfer']>;
