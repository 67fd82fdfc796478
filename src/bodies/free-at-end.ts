import type { RequestContext } from '../http/request-context.ts';
import type { IncomingRequest } from '../http/types.ts';
import type { MemoryBudget, Reservation } from './types.ts';

/** Frees something that a request holds once the request has ended, however it ends. */
export function freeAtEnd({ signal }: Pick<IncomingRequest, 'signal'>, trace: RequestContext, free: () => void): void {
  const others = trace.release;
  // If the request has ended already, nothing else would free it.
  if (signal.aborted) free();
  else {
    trace.release = () => {
      others?.();
      free();
    };
  }
}

/** A reservation that is closed once the request has ended. */
export function reservationUntilEnd(
  budget: MemoryBudget,
  request: Pick<IncomingRequest, 'signal'>,
  trace: RequestContext,
): Reservation {
  const reservation = budget.open();
  freeAtEnd(request, trace, () => reservation.close());
  return reservation;
}
