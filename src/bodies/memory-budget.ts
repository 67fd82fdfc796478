import type { MemoryBudget, Reservation } from './types.ts';

/**
 * Makes a budget of bytes that requests share; one per proxy.
 * @param limit bytes
 * @param maxAge milliseconds after which a reservation is closed, for a runtime that drops requests without notice
 */
export function makeBudget(limit: number, maxAge = Number.POSITIVE_INFINITY): MemoryBudget {
  let taken = 0;
  /** In the order of opening, each with the time at which it was opened. */
  const reservations = new Map<Reservation, number>();

  const closeOld = (): void => {
    const last = performance.now() - maxAge;
    for (const [reservation, opened] of reservations) {
      if (opened > last) return;
      reservation.close();
    }
  };

  return {
    open() {
      let own = 0;
      const reservation: Reservation = {
        growTo(size) {
          if (taken - own + size > limit) closeOld();
          const all = taken - own + size;
          if (all > limit || !reservations.has(reservation)) return false;
          taken = all;
          own = size;
          return true;
        },
        close() {
          taken -= own;
          own = 0;
          reservations.delete(reservation);
        },
      };
      reservations.set(reservation, performance.now());
      return reservation;
    },
  };
}
