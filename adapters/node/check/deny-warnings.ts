import type { Client } from '../../../src/policy/client.ts';
import { slipIn } from '../../../src/policy/rules.ts';

/**
 * Warnings about `deny` rules that may deny nothing: the table does not have their paths, and does not have all of
 * Sentry's.
 */
export const denyWarnings = (clients: readonly Client[]): string[] =>
  clients.flatMap(({ name, deny }) =>
    deny.flatMap((rule, index) =>
      slipIn(rule) === ''
        ? [`deny[${index}] of ${name} has a path that the table of endpoints lacks; check its spelling`]
        : [],
    ),
  );
