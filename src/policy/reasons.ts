/** Why a request is refused: for the log and the metrics. */
export const REASONS = [
  'expired',
  'method',
  'target',
  'deny_rule',
  'no_rule',
  'scope',
  'secret',
  'organization',
  'project',
  'not_limitable',
  'query',
  'header',
  'body',
  'look_up_failed',
] as const;

export type Reason = (typeof REASONS)[number];
