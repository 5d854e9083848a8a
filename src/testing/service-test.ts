import type { Form } from '../contract/contract.js';
import type { ServiceCase } from './service-case.js';
import { Place } from './service-ends.js';

/** Adds a test, which gets a service of its own. Whatever it has opened is closed after it, and checked. */
export type ServiceTest = (name: string, body: (place: Place) => Promise<void>, form?: Form) => void;

/** Makes the tests of one case. */
export function serviceTests(it: (name: string, body: () => Promise<void>) => void, subject: ServiceCase): ServiceTest {
  return (name, body, form) =>
    it(name, async () => {
      await subject.fresh?.();
      const place = new Place(subject, form);
      try {
        await body(place);
      } catch (error) {
        await place.close().catch(() => {});
        throw error;
      }
      await place.close();
    });
}
