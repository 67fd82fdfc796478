import { walk } from '../policy/sentry/endpoint-table.ts';
import { parseTarget } from '../policy/sentry/target.ts';
import { releasePath } from './lookup-kinds.ts';

/** Whether a release of this name can be looked up: others would lead to another resource, or to none. */
export const isReleaseName = (version: string): boolean => lookUpPath(releasePath('org', version)) !== undefined;

/**
 * The path of a look-up, each segment encoded again. Undefined if it would lead elsewhere than it says: a release called
 * `token` or `..` must not turn a look-up into another request.
 */
export function lookUpPath(names: readonly string[]): string | undefined {
  // A lone surrogate has no encoding, and is no name of Sentry's.
  if (!names.every((name) => name.isWellFormed())) return undefined;
  const path = `/api/0/${names.map(encodeURIComponent).join('/')}/`;
  const target = parseTarget(path);
  if (typeof target === 'string') return undefined;
  const { template, isDisguised } = walk(target);
  return template !== undefined && TEMPLATES.has(template) && !isDisguised ? path : undefined;
}

/** A look-up asks for one of these. A path that leads anywhere else is a mistake. */
const TEMPLATES: ReadonlySet<string> = new Set([
  '/api/0/projects/{org}/{project}/',
  '/api/0/organizations/{org}/issues/{issue_id}/',
  '/api/0/organizations/{org}/releases/{version}/',
  '/api/0/organizations/{org}/monitors/{monitor_id_or_slug}/',
  '/api/0/projects/{org}/{project}/monitors/{monitor_id_or_slug}/',
  '/api/0/projects/{org}/{project}/rules/{rule_id}/',
  '/api/0/organizations/{org}/alert-rules/{alert_rule_id}/',
  '/api/0/organizations/{org}/detectors/{detector_id}/',
  '/api/0/organizations/{org}/replays/{replay_id}/',
  '/api/0/organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/',
  '/api/0/organizations/{org}/notifications/actions/{action_id}/',
]);
