import type { RequestContext } from '../../../src/http/request-context.ts';
import type { IncomingRequest } from '../../../src/http/types.ts';
import type { CountRead } from '../message/message-body.ts';
import type { Answer } from './answer.ts';
import type { ConnectionLimits } from './deadlines.ts';

/** A finished request, for the log and the metrics. */
export interface Finished {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Milliseconds from the end of the header section, or from the connection's start if that never came. */
  readonly duration: number;
  readonly trace: RequestContext;
  /** The address of the peer; undefined over a Unix socket. */
  readonly remote?: string | undefined;
}

/** The server, as a connection sees it. */
export interface ConnectionOwner {
  readonly limits: ConnectionLimits;
  /** The port is closed. */
  readonly isDraining: boolean;
  /** Called each time that bytes of a request body were read. */
  readonly countRead?: CountRead | undefined;
  handle(request: IncomingRequest, trace: RequestContext): Promise<Answer>;
  finished(request: Finished): void;
  closed(): void;
}
