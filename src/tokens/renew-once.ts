import type { UpstreamResponse } from '../http/types.ts';
import { isRenewable, type TokenSource } from './token-source.ts';

/** The circumstances of a request that may be sent twice. */
export interface Replay {
  /** Whether the request can be sent again; asked once the token was renewed. */
  readonly isPossible?: () => boolean;
  /** Called with the error of a source that fails, and so does not renew the token. */
  readonly failed?: (error: unknown) => void;
}

/**
 * Sends a request with a source's token. If Sentry refuses the token with 401, the request is sent once more with a
 * renewed one. Where that cannot be, Sentry's 401 is the response: it says more than the failure of a source.
 * @param token of the source
 */
export async function renewOnce(
  send: (token: string) => Promise<UpstreamResponse>,
  source: TokenSource,
  token: string,
  { isPossible = () => true, failed }: Replay = {},
): Promise<UpstreamResponse> {
  const response = await send(token);
  if (response.status !== 401 || !isRenewable(source)) return response;
  let renewed: string | undefined;
  try {
    renewed = await source.renew(token);
  } catch (error) {
    failed?.(error);
  }
  if (renewed === undefined || renewed === token || !isPossible()) return response;
  // A body that is left unread would keep its connection.
  await response.body?.cancel();
  return send(renewed);
}
