// What tests of the policy share: targets made of templates, and clients made of a line of the clients file.
import assert from 'node:assert/strict';
import { readClients } from '../../src/clients/clients-file.ts';
import type { Client } from '../../src/policy/client.ts';

const PARAMETERS: Readonly<Record<string, string>> = {
  org: 'acme',
  project: 'web',
  team: 'crew',
  issue_id: '4711',
  version: 'web@1.0',
  key: 'browser',
  environment: 'production',
  image_identifier: 'home.png',
  filter_id: 'browser-extensions',
  plugin_id: 'webhooks',
  monitor_id_or_slug: 'nightly',
  sentry_app_id_or_slug: 'helper',
};

/** A target for a path of the table. */
export const exampleTarget = (template: string, parameters: Readonly<Record<string, string>> = {}): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? PARAMETERS[name] ?? '12');

/** The first 64 hexadecimal digits are a digest that no token has. */
export const DIGEST = `sha256:${'0'.repeat(64)}`;

/** The client that a clients file with this entry has. */
export function clientOf(entry: Readonly<Record<string, unknown>>): Client {
  const read = readClients(JSON.stringify({ clients: [{ name: 'robot', token: DIGEST, ...entry }] }));
  assert.ok('clients' in read, JSON.stringify(read));
  return read.clients[0]!;
}
