// Made by tools/endpoints.ts from tools/endpoints/*.json, where the evidence for each row stands; edit those.
// getsentry/sentry at 57915b5d (urls.py and permission classes, about November 2025)
// getsentry/sentry-api-schema 0.272.0 at a589a26c (openapi-derefed.json)
import type { Endpoint } from './endpoint.ts';

/** By path and method. */
export type Endpoints = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>;

/** Makes a new copy of everything that Sentry's API lets a client do and that a scope or a rule may grant. */
export const makeRows = (): Endpoints => ({
  '/api/0/': {
    GET: { scopes: [], projects: 'none', removed: ['user', 'auth'], needsRule: 'unproven' },
  },
  '/api/0/auth/': {
    GET: { scopes: [], projects: 'none', needsRule: 'secret' },
  },
  '/api/0/internal/health/': {
    GET: { scopes: [], projects: 'none', needsRule: 'beyond scopes' },
  },
  '/api/0/organizations/': {
    GET: { scopes: ['org:read'], projects: 'filter' },
  },
  '/api/0/organizations/{org}/': {
    GET: { scopes: ['org:read'], projects: 'filter:projects', removedWithProjects: ['teams'] },
    PUT: {
      scopes: ['org:write'],
      projects: 'refuse',
      body: {
        keys: {
          defaultRole: 'org:admin',
          cancelDeletion: 'org:admin',
          idempotencyKey: 'org:admin',
          slug: 'rule',
          trustedRelays: 'rule',
        },
      },
    },
  },
  '/api/0/organizations/{org}/agents/conversations/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/agents/conversations/{conversation_id}/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/ai-conversations/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/ai-conversations/{conversation_id}/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/alert-rule-detector/': {
    GET: { scopes: ['alerts:read', 'org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/alert-rules/': {
    GET: { scopes: ['alerts:read', 'org:read'], projects: 'query' },
    POST: { scopes: ['alerts:write', 'org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/alert-rules/{alert_rule_id}/': {
    GET: { scopes: ['alerts:read', 'org:read'], projects: 'lookup:alert-rule' },
    PUT: { scopes: ['alerts:write', 'org:write'], projects: 'refuse' },
    DELETE: { scopes: ['alerts:write', 'org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/artifactbundle/assemble/': {
    POST: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: 'body:projects',
      body: { only: ['projects', 'version', 'dist', 'checksum', 'chunks'] },
    },
  },
  '/api/0/organizations/{org}/available-actions/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/chunk-upload/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'none' },
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'none' },
  },
  '/api/0/organizations/{org}/code-mappings/': {
    GET: {
      scopes: ['org:read', 'org:ci', 'org:integrations'],
      projects: 'query',
      query: { keys: { integrationId: 'never with projects' } },
    },
    POST: { scopes: ['org:integrations', 'org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/code-mappings/bulk/': {
    POST: {
      scopes: ['org:ci', 'org:integrations', 'org:write'],
      projects: 'refuse',
      body: { only: ['project', 'repository', 'defaultBranch', 'mappings'] },
    },
  },
  '/api/0/organizations/{org}/code-mappings/{config_id}/': {
    PUT: { scopes: ['org:integrations', 'org:write'], projects: 'refuse' },
    DELETE: { scopes: ['org:integrations'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/combined-rules/': {
    GET: { scopes: ['org:read'], projects: 'query', removed: ['headers', 'body'] },
  },
  '/api/0/organizations/{org}/config/integrations/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/organizations/{org}/dashboards/': {
    GET: {
      scopes: ['org:read'],
      projects: 'refuse',
      query: {
        keys: {
          filter: { needs: 'never', unless: ['onlyFavorites', 'owned', 'shared', 'onlyPrebuilt', 'excludePrebuilt'] },
        },
      },
    },
    POST: { scopes: ['org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/dashboards/widgets/': {
    POST: { scopes: ['org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/dashboards/{dashboard_id}/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
    PUT: { scopes: ['org:admin'], projects: 'refuse' },
    DELETE: { scopes: ['org:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/dashboards/{dashboard_id}/revisions/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/dashboards/{dashboard_id}/revisions/{revision_id}/restore/': {
    POST: { scopes: ['org:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/data-conditions/': {
    GET: { scopes: ['org:read'], projects: 'none' },
  },
  '/api/0/organizations/{org}/detectors/': {
    GET: {
      scopes: ['alerts:read', 'org:read'],
      projects: 'query',
      query: { keys: { id: 'never with projects' } },
      removed: ['headers', 'body'],
    },
    PUT: { scopes: ['org:write'], projects: 'refuse', removed: ['headers', 'body'] },
    DELETE: { scopes: ['alerts:write', 'org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/detectors/{detector_id}/': {
    GET: { scopes: ['alerts:read', 'org:read'], projects: 'lookup:detector', removed: ['headers', 'body'] },
    PUT: {
      scopes: ['org:write'],
      projects: 'lookup:detector',
      body: {
        keys: {
          workflowIds: 'never with projects',
          dataSources: 'rule',
          dataSource: 'rule',
          conditionGroup: 'rule',
          'config.mode': 'rule',
        },
        only: ['name', 'description', 'enabled', 'owner'],
      },
      removed: ['headers', 'body'],
    },
    DELETE: { scopes: ['alerts:write', 'org:write'], projects: 'lookup:detector' },
  },
  '/api/0/organizations/{org}/discover/saved/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
    POST: { scopes: ['org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/discover/saved/{query_id}/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
    PUT: { scopes: ['org:write'], projects: 'refuse' },
    DELETE: { scopes: ['org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/environments/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/eventids/{event_id}/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/events-dropped/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/events-facets/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/events-meta/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/events-stats/': {
    GET: {
      scopes: ['org:read'],
      projects: 'query',
      query: { keys: { dashboardWidgetId: 'never', discoverSavedQueryId: 'never' } },
    },
  },
  '/api/0/organizations/{org}/events-timeseries/': {
    GET: {
      scopes: ['org:read'],
      projects: 'query',
      query: { keys: { dashboardWidgetId: 'never', discoverSavedQueryId: 'never' } },
    },
  },
  '/api/0/organizations/{org}/events/': {
    GET: {
      scopes: ['org:read'],
      projects: 'query',
      query: { keys: { dashboardWidgetId: 'never', discoverSavedQueryId: 'never' } },
    },
  },
  '/api/0/organizations/{org}/events/validate/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/external-users/': {
    POST: { scopes: ['org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/external-users/{external_user_id}/': {
    PUT: { scopes: ['org:write'], projects: 'refuse' },
    DELETE: { scopes: ['org:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/flags/logs/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/flags/logs/{flag_log_id}/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/forwarding/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'secret' },
    POST: { scopes: ['org:write'], projects: 'refuse', needsRule: 'secret' },
  },
  '/api/0/organizations/{org}/forwarding/{data_forwarder_id}/': {
    PUT: { scopes: ['org:write'], projects: 'refuse', needsRule: 'secret' },
    DELETE: { scopes: ['org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/integrations/': {
    GET: { scopes: ['org:read', 'org:integrations'], projects: 'refuse', needsRule: 'secret' },
  },
  '/api/0/organizations/{org}/integrations/{integration_id}/': {
    GET: { scopes: ['org:read', 'org:integrations'], projects: 'refuse', needsRule: 'secret' },
    POST: { scopes: ['org:integrations', 'org:write'], projects: 'refuse', needsRule: 'beyond scopes' },
    DELETE: { scopes: ['org:integrations'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/integrations/{integration_id}/channels/': {
    GET: { scopes: ['org:read', 'org:integrations'], projects: 'refuse', needsRule: 'secret' },
  },
  '/api/0/organizations/{org}/issues-count/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/issues-stats/': {
    GET: { scopes: ['event:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/issues/': {
    GET: {
      scopes: ['event:read'],
      projects: 'query',
      query: {
        keys: {
          id: { needs: 'never with projects', unless: 'number' },
          searchId: 'never with projects',
          viewId: 'never with projects',
          savedSearch: { needs: 'never with projects', unless: ['0'] },
          group: { needs: 'never with projects', unless: 'number' },
          shortIdLookup: { needs: 'never with projects', unless: ['0'] },
        },
      },
    },
    PUT: {
      scopes: ['event:write'],
      projects: 'query',
      query: {
        keys: {
          id: { needs: 'never with projects', unless: 'number' },
          savedSearch: 'never with projects',
          searchId: 'never with projects',
          viewId: 'never with projects',
        },
      },
      body: {
        keys: {
          discard: { needs: 'event:admin', unless: [false, null] },
          isPublic: { needs: 'rule', unless: [false, null] },
          'statusDetails.inCommit': 'never with projects',
        },
        only: [
          'status',
          'substatus',
          'statusDetails',
          'hasSeen',
          'isBookmarked',
          'isSubscribed',
          'inbox',
          'priority',
          'merge',
          'snoozeDuration',
          'ignoreDuration',
          'ignoreCount',
          'ignoreWindow',
          'ignoreUserCount',
          'ignoreUserWindow',
          'assignedTo',
          'assignedBy',
          'integration',
          'resolution',
        ],
      },
      removed: ['shareId'],
    },
    DELETE: {
      scopes: ['event:admin'],
      projects: 'query',
      query: {
        keys: {
          id: { needs: 'never with projects', unless: 'number' },
          savedSearch: 'never with projects',
          searchId: 'never with projects',
          viewId: 'never with projects',
        },
      },
    },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue', removed: ['shareId'], removedWithProjects: ['projects'] },
    PUT: {
      scopes: ['event:write'],
      projects: 'lookup:issue',
      body: {
        keys: {
          discard: { needs: 'event:admin', unless: [false, null] },
          isPublic: { needs: 'rule', unless: [false, null] },
          'statusDetails.inCommit': 'never with projects',
        },
        only: [
          'status',
          'substatus',
          'statusDetails',
          'hasSeen',
          'isBookmarked',
          'isSubscribed',
          'inbox',
          'priority',
          'merge',
          'snoozeDuration',
          'ignoreDuration',
          'ignoreCount',
          'ignoreWindow',
          'ignoreUserCount',
          'ignoreUserWindow',
          'assignedTo',
          'assignedBy',
          'integration',
          'resolution',
        ],
      },
      removed: ['shareId'],
    },
    DELETE: { scopes: ['event:admin'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/activities/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/attachments/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/autofix/': {
    GET: { scopes: ['event:read'], projects: 'refuse' },
    POST: { scopes: ['event:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/autofix/setup/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/events/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/events/{event_id}/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue', removedWithProjects: ['projects'] },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/external-issues/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/external-issues/{external_issue_id}/': {
    DELETE: { scopes: ['event:admin'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/first-last-release/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue', removedWithProjects: ['projects'] },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/hashes/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/integrations/': {
    GET: { scopes: ['event:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/integrations/{integration_id}/': {
    GET: { scopes: ['event:read'], projects: 'refuse' },
    POST: { scopes: ['event:write'], projects: 'refuse' },
    PUT: { scopes: ['event:write'], projects: 'refuse' },
    DELETE: { scopes: ['event:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/notes/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
    POST: { scopes: ['event:write'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/open-periods/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/related-issues/': {
    GET: { scopes: ['event:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/summarize/': {
    POST: { scopes: ['event:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/tags/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/tags/{key}/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/tags/{key}/values/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/issues/{issue_id}/user-feedback/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/members/': {
    GET: { scopes: ['member:read'], projects: 'refuse' },
    POST: {
      scopes: ['member:admin'],
      projects: 'refuse',
      body: {
        keys: {
          orgRole: { needs: 'org:admin', unless: ['member', 'contributor'] },
          role: { needs: 'org:admin', unless: ['member', 'contributor'] },
          teams: 'member:admin',
          teamRoles: 'member:admin',
        },
      },
    },
  },
  '/api/0/organizations/{org}/members/{member_id}/': {
    GET: { scopes: ['member:read'], projects: 'refuse', removed: ['invite_link'] },
    PUT: {
      scopes: ['member:admin'],
      projects: 'refuse',
      body: { keys: { orgRole: 'org:admin', role: 'org:admin' } },
      removed: ['invite_link'],
    },
    DELETE: { scopes: ['member:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/members/{member_id}/teams/{team}/': {
    POST: { scopes: ['org:write', 'team:write'], projects: 'refuse' },
    PUT: { scopes: ['member:write', 'org:write', 'team:write'], projects: 'refuse' },
    DELETE: { scopes: ['org:write', 'team:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/metrics/data/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/monitors-count/': {
    GET: { scopes: ['alerts:read', 'org:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/organizations/{org}/monitors-stats/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/monitors/': {
    GET: { scopes: ['alerts:read', 'org:read'], projects: 'query' },
    POST: { scopes: ['alerts:write', 'org:write'], projects: 'body:project' },
  },
  '/api/0/organizations/{org}/monitors/{monitor_id_or_slug}/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'lookup:monitor' },
    PUT: { scopes: ['alerts:write', 'project:write'], projects: 'refuse' },
    DELETE: { scopes: ['alerts:write', 'project:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/monitors/{monitor_id_or_slug}/checkins/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'lookup:monitor' },
  },
  '/api/0/organizations/{org}/monitors/{monitor_id_or_slug}/stats/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'lookup:monitor' },
  },
  '/api/0/organizations/{org}/notifications/actions/': {
    GET: { scopes: ['org:read'], projects: 'query' },
    POST: {
      scopes: ['org:admin'],
      projects: 'body:projects',
      body: {
        keys: { projects: 'projects' },
        only: ['triggerType', 'serviceType', 'integrationId', 'targetIdentifier', 'targetDisplay', 'targetType'],
      },
    },
  },
  '/api/0/organizations/{org}/notifications/actions/{action_id}/': {
    GET: { scopes: ['org:read'], projects: 'lookup:notification-action' },
    PUT: {
      scopes: ['org:admin'],
      projects: ['lookup:notification-action', 'body:projects'],
      body: {
        keys: { projects: 'projects' },
        only: ['triggerType', 'serviceType', 'integrationId', 'targetIdentifier', 'targetDisplay', 'targetType'],
      },
    },
    DELETE: { scopes: ['org:admin'], projects: 'lookup:notification-action' },
  },
  '/api/0/organizations/{org}/onboarding/agent/status/': {
    POST: { scopes: ['org:write'], projects: 'none', needsRule: 'beyond scopes' },
  },
  '/api/0/organizations/{org}/preprodartifacts/snapshots/latest-base/': {
    GET: {
      scopes: ['project:read', 'org:ci', 'project:releases'],
      projects: 'query',
      query: { keys: { app_id: 'ok' } },
    },
  },
  '/api/0/organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:snapshot' },
    DELETE: { scopes: ['project:releases', 'project:admin'], projects: 'lookup:snapshot' },
  },
  '/api/0/organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/archive/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:snapshot' },
    HEAD: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:snapshot' },
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'lookup:snapshot' },
  },
  '/api/0/organizations/{org}/preprodartifacts/snapshots/{snapshot_id}/images/{image_identifier}/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:snapshot' },
  },
  '/api/0/organizations/{org}/preprodartifacts/{artifact_id}/install-details/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'secret' },
  },
  '/api/0/organizations/{org}/preprodartifacts/{artifact_id}/size-analysis/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/profiling/chunks/': {
    GET: { scopes: ['org:read'], projects: 'query', query: { keys: { profiler_id: 'ok' } } },
  },
  '/api/0/organizations/{org}/profiling/flamegraph/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/project-keys/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'secret' },
  },
  '/api/0/organizations/{org}/projects/': {
    GET: {
      scopes: ['org:read'],
      projects: 'filter',
      query: { keys: { options: 'never', query: 'never with projects', environment: 'ok' } },
    },
    POST: { scopes: ['project:write'], projects: 'refuse', removed: ['securityToken', 'securityTokenHeader'] },
  },
  '/api/0/organizations/{org}/projects/{project}/detectors/': {
    POST: {
      scopes: ['alerts:write', 'project:write'],
      projects: 'path',
      body: {
        keys: {
          workflowIds: 'never with projects',
          'config.mode': 'rule',
          'dataSources.mode': 'rule',
          'dataSource.mode': 'rule',
        },
        only: [
          'name',
          'type',
          'description',
          'enabled',
          'owner',
          'config',
          'dataSources',
          'dataSource',
          'conditionGroup',
        ],
      },
      removed: ['headers', 'body'],
    },
  },
  '/api/0/organizations/{org}/related-issues/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/relay_usage/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/organizations/{org}/release-threshold-statuses/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/releases/': {
    GET: {
      scopes: ['project:read', 'org:ci', 'project:releases'],
      projects: ['query', 'filter:[].projects'],
      removedWithProjects: ['adoptionStages'],
    },
    POST: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: 'body:projects',
      body: {
        keys: {
          version: 'release',
          commits: 'never with projects',
          refs: 'never with projects',
          headCommits: 'never with projects',
        },
        only: ['ref', 'url', 'dateStarted', 'dateReleased', 'status', 'owner'],
      },
      removedWithProjects: ['commits'],
    },
  },
  '/api/0/organizations/{org}/releases/{version}/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:release' },
    PUT: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: 'lookup:release',
      body: {
        keys: {
          projects: 'projects',
          commits: 'never with projects',
          refs: 'never with projects',
          headCommits: 'never with projects',
        },
        only: ['ref', 'url', 'dateStarted', 'dateReleased', 'status', 'owner'],
      },
    },
    DELETE: { scopes: ['project:releases', 'project:admin'], projects: 'lookup:release' },
  },
  '/api/0/organizations/{org}/releases/{version}/assemble/': {
    POST: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: 'refuse',
      body: { only: ['checksum', 'chunks'] },
    },
  },
  '/api/0/organizations/{org}/releases/{version}/commitfiles/': {
    GET: { scopes: ['project:releases'], projects: 'lookup:release' },
  },
  '/api/0/organizations/{org}/releases/{version}/commits/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:release' },
  },
  '/api/0/organizations/{org}/releases/{version}/deploys/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:release' },
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'lookup:release' },
  },
  '/api/0/organizations/{org}/releases/{version}/files/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'lookup:release' },
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'lookup:release' },
  },
  '/api/0/organizations/{org}/releases/{version}/files/{file_id}/': {
    GET: {
      scopes: ['project:read', 'org:ci', 'project:releases'],
      projects: 'lookup:release',
      query: { keys: { download: 'project:write' } },
    },
    PUT: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'lookup:release' },
    DELETE: { scopes: ['project:releases', 'project:admin'], projects: 'lookup:release' },
  },
  '/api/0/organizations/{org}/releases/{version}/previous-with-commits/': {
    GET: {
      scopes: ['project:read', 'org:ci', 'project:releases'],
      projects: 'lookup:release',
      removedWithProjects: ['projects', 'authors', 'lastCommit'],
    },
  },
  '/api/0/organizations/{org}/replay-count/': {
    GET: { scopes: ['org:read'], projects: 'query', query: { keys: { query: 'never with projects' } } },
  },
  '/api/0/organizations/{org}/replay-selectors/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/replays/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/replays/{replay_id}/': {
    GET: { scopes: ['org:read'], projects: 'lookup:replay' },
  },
  '/api/0/organizations/{org}/repos/': {
    GET: { scopes: ['org:read', 'org:ci', 'org:integrations'], projects: 'refuse' },
    POST: { scopes: ['org:integrations', 'org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/repos/{repo_id}/': {
    PUT: {
      scopes: ['org:integrations', 'org:write'],
      projects: 'refuse',
      body: { keys: { status: { needs: 'org:admin', unless: ['active', 'visible'] } } },
    },
    DELETE: { scopes: ['org:integrations'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/repos/{repo_id}/commits/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/scim/v2/Groups': {
    GET: { scopes: ['team:read'], projects: 'refuse' },
    POST: { scopes: ['team:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/scim/v2/Groups/{team}': {
    GET: { scopes: ['team:read'], projects: 'refuse' },
    PATCH: { scopes: ['team:write'], projects: 'refuse' },
    DELETE: { scopes: ['team:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/scim/v2/Users': {
    GET: { scopes: ['member:read'], projects: 'refuse' },
    POST: { scopes: ['member:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/scim/v2/Users/{member_id}': {
    GET: { scopes: ['member:read'], projects: 'refuse' },
    PATCH: { scopes: ['member:write'], projects: 'refuse' },
    DELETE: { scopes: ['member:admin'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/search-agent/start/': {
    POST: { scopes: ['org:write'], projects: 'refuse', needsRule: 'beyond scopes' },
  },
  '/api/0/organizations/{org}/search-agent/state/{run_id}/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/sentry-app-components/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'beyond scopes' },
  },
  '/api/0/organizations/{org}/sentry-app-installations/': {
    GET: { scopes: ['org:read', 'org:integrations'], projects: 'refuse', needsRule: 'secret' },
  },
  '/api/0/organizations/{org}/sentry-apps/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'secret' },
  },
  '/api/0/organizations/{org}/sessions/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/shortids/{issue_id}/': {
    GET: { scopes: ['event:read'], projects: 'lookup:issue' },
  },
  '/api/0/organizations/{org}/spans-samples/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/spans/fields/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/spans/fields/{key}/values/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/spike-protections/': {
    POST: { scopes: ['project:write'], projects: 'refuse', needsRule: 'unproven' },
    DELETE: { scopes: ['project:write'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/organizations/{org}/stats-summary/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/stats_v2/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/tags/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/tags/{key}/values/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/teams/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
    POST: { scopes: ['org:write', 'team:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/trace-items/attributes/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/trace-items/metrics/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/trace-items/stats/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/trace-logs/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/trace-meta/{trace_id}/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/trace/{trace_id}/': {
    GET: { scopes: ['org:read'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/traces/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/organizations/{org}/uptime-summary/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/uptime/': {
    GET: { scopes: ['org:read'], projects: 'query', removed: ['headers', 'body'] },
  },
  '/api/0/organizations/{org}/user-teams/': {
    GET: { scopes: ['org:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/organizations/{org}/users/': {
    GET: { scopes: ['org:read'], projects: 'query' },
  },
  '/api/0/organizations/{org}/workflows/': {
    GET: {
      scopes: ['alerts:read', 'org:read'],
      projects: 'query',
      query: {
        keys: { id: 'never with projects', detector: 'never with projects', priorityDetector: 'never with projects' },
      },
    },
    POST: {
      scopes: ['alerts:write', 'org:write'],
      projects: 'refuse',
      body: {
        keys: {
          environmentId: 'rule',
          'triggers.conditions.conditionGroupId': 'rule',
          'actionFilters.conditions.conditionGroupId': 'rule',
        },
      },
    },
    PUT: { scopes: ['alerts:write', 'org:write'], projects: 'refuse' },
    DELETE: { scopes: ['alerts:write', 'org:write'], projects: 'refuse' },
  },
  '/api/0/organizations/{org}/workflows/{workflow_id}/': {
    GET: { scopes: ['alerts:read', 'org:read'], projects: 'refuse' },
    PUT: {
      scopes: ['alerts:write', 'org:write'],
      projects: 'refuse',
      body: {
        keys: {
          environmentId: 'rule',
          'triggers.conditions.conditionGroupId': 'rule',
          'actionFilters.conditions.conditionGroupId': 'rule',
        },
      },
    },
    DELETE: { scopes: ['alerts:write', 'org:write'], projects: 'refuse' },
  },
  '/api/0/projects/': {
    GET: {
      scopes: ['project:read'],
      projects: 'filter',
      query: { keys: { show: 'never with projects', status: 'ok', query: 'ok' } },
    },
  },
  '/api/0/projects/{org}/{project}/': {
    GET: {
      scopes: ['project:read'],
      projects: 'path',
      removed: ['securityToken', 'securityTokenHeader', 'symbolSources', 'doc'],
    },
    PUT: {
      scopes: ['project:write'],
      projects: 'path',
      body: {
        keys: {
          symbolSources: 'rule',
          allowedDomains: 'rule',
          'options.sentry:origins': 'rule',
          copy_from_project: 'never with projects',
          slug: 'never with projects',
          debugFilesRole: 'rule',
        },
      },
      removed: ['securityToken', 'securityTokenHeader', 'symbolSources', 'doc'],
    },
    DELETE: { scopes: ['project:admin'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/alert-rule-task/{task_uuid}/': {
    GET: { scopes: ['project:read'], projects: 'path', removedWithProjects: ['projects'] },
  },
  '/api/0/projects/{org}/{project}/alert-rules/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'path' },
    POST: {
      scopes: ['alerts:write', 'project:write'],
      projects: 'path',
      body: {
        keys: { projects: 'projects' },
        only: [
          'name',
          'environment',
          'dataset',
          'query',
          'queryType',
          'eventTypes',
          'aggregate',
          'timeWindow',
          'thresholdType',
          'resolveThreshold',
          'alertThreshold',
          'triggers',
          'owner',
          'thresholdPeriod',
          'comparisonDelta',
          'sensitivity',
          'seasonality',
          'detectionType',
          'description',
          'monitorType',
          'activationCondition',
          'extrapolationMode',
        ],
      },
    },
  },
  '/api/0/projects/{org}/{project}/alert-rules/{alert_rule_id}/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: ['path', 'lookup:alert-rule'] },
    PUT: {
      scopes: ['alerts:write', 'project:write'],
      projects: ['path', 'lookup:alert-rule'],
      body: {
        keys: { projects: 'never with projects' },
        only: [
          'name',
          'environment',
          'dataset',
          'query',
          'queryType',
          'eventTypes',
          'aggregate',
          'timeWindow',
          'thresholdType',
          'resolveThreshold',
          'alertThreshold',
          'triggers',
          'owner',
          'thresholdPeriod',
          'comparisonDelta',
          'sensitivity',
          'seasonality',
          'detectionType',
          'description',
          'monitorType',
          'activationCondition',
          'extrapolationMode',
        ],
      },
    },
    DELETE: { scopes: ['alerts:write', 'project:write'], projects: ['path', 'lookup:alert-rule'] },
  },
  '/api/0/projects/{org}/{project}/code-mapping-prefixes/stack/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/codeowners/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    POST: { scopes: ['project:write'], projects: 'path', body: { only: ['raw', 'codeMappingId'] } },
  },
  '/api/0/projects/{org}/{project}/codeowners/{codeowners_id}/': {
    PUT: { scopes: ['project:write'], projects: 'path', body: { only: ['raw', 'codeMappingId'] } },
    DELETE: { scopes: ['project:admin'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/custom-inbound-filters/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    POST: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/custom-inbound-filters/{filter_id}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    PUT: { scopes: ['project:write'], projects: 'path' },
    DELETE: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/environments/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    PUT: { scopes: ['project:write'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/projects/{org}/{project}/environments/{environment}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    PUT: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/events/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/events/{event_id}/': {
    GET: { scopes: ['project:read'], projects: 'path', removedWithProjects: ['projects'] },
  },
  '/api/0/projects/{org}/{project}/events/{event_id}/attachments/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/events/{event_id}/attachments/{attachment_id}/': {
    GET: { scopes: ['project:read'], projects: 'path', needsRule: 'beyond scopes' },
    DELETE: { scopes: ['project:admin'], projects: 'path', needsRule: 'beyond scopes' },
  },
  '/api/0/projects/{org}/{project}/events/{event_id}/committers/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/events/{event_id}/json/': {
    GET: { scopes: ['project:read'], projects: 'path', removed: ['public_key'] },
  },
  '/api/0/projects/{org}/{project}/events/{event_id}/source-map-debug/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/files/difs/assemble/': {
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/files/dsyms/': {
    GET: {
      scopes: ['project:read', 'org:ci', 'project:releases'],
      projects: 'path',
      query: { keys: { id: 'project:write' } },
    },
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'path' },
    DELETE: { scopes: ['project:write'], projects: 'path', query: { keys: { id: 'ok' } } },
  },
  '/api/0/projects/{org}/{project}/files/dsyms/unknown/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'path', query: { keys: { id: 'ok' } } },
  },
  '/api/0/projects/{org}/{project}/files/images/{image_id}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/files/preprodartifacts/assemble/': {
    POST: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: 'path',
      body: {
        keys: {
          headRepoName: 'never with projects',
          baseRepoName: 'never with projects',
          prNumber: 'never with projects',
          provider: 'never with projects',
        },
        only: [
          'checksum',
          'chunks',
          'buildConfiguration',
          'releaseNotes',
          'headSha',
          'baseSha',
          'headRef',
          'baseRef',
          'buildVersion',
          'buildNumber',
          'installGroups',
          'dateBuilt',
        ],
      },
    },
  },
  '/api/0/projects/{org}/{project}/files/proguard-artifact-releases': {
    POST: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: 'path',
      body: { only: ['release_name', 'proguard_uuid'] },
    },
  },
  '/api/0/projects/{org}/{project}/files/source-maps/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'path', query: { keys: { id: 'ok' } } },
    DELETE: { scopes: ['project:releases', 'project:admin'], projects: 'refuse' },
  },
  '/api/0/projects/{org}/{project}/filters/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/filters/{filter_id}/': {
    PUT: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/hooks/': {
    GET: { scopes: ['project:read'], projects: 'path', needsRule: 'secret' },
    POST: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
  },
  '/api/0/projects/{org}/{project}/hooks/{hook_id}/': {
    GET: { scopes: ['project:read'], projects: 'path', needsRule: 'secret' },
    PUT: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
    DELETE: { scopes: ['project:admin'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/issues/': {
    GET: {
      scopes: ['event:read'],
      projects: 'path',
      query: { keys: { shortIdLookup: { needs: 'never with projects', unless: ['0'] } } },
    },
    PUT: {
      scopes: ['event:write'],
      projects: 'path',
      query: {
        keys: {
          id: { needs: 'never with projects', unless: 'number' },
          searchId: 'never with projects',
          viewId: 'never with projects',
          savedSearch: 'never with projects',
        },
      },
      body: {
        keys: {
          discard: { needs: 'event:admin', unless: [false, null] },
          isPublic: { needs: 'rule', unless: [false, null] },
          'statusDetails.inCommit': 'never with projects',
        },
        only: [
          'status',
          'substatus',
          'statusDetails',
          'hasSeen',
          'isBookmarked',
          'isSubscribed',
          'inbox',
          'priority',
          'merge',
          'snoozeDuration',
          'ignoreDuration',
          'ignoreCount',
          'ignoreWindow',
          'ignoreUserCount',
          'ignoreUserWindow',
          'assignedTo',
          'assignedBy',
          'integration',
          'resolution',
        ],
      },
      removed: ['shareId'],
    },
    DELETE: {
      scopes: ['event:admin'],
      projects: 'path',
      query: { keys: { id: { needs: 'never with projects', unless: 'number' } } },
    },
  },
  '/api/0/projects/{org}/{project}/keys/': {
    GET: { scopes: ['project:read'], projects: 'path', needsRule: 'secret' },
    POST: { scopes: ['project:write'], projects: 'path', body: { keys: { useCase: 'never' } }, needsRule: 'secret' },
  },
  '/api/0/projects/{org}/{project}/keys/{key_id}/': {
    GET: { scopes: ['project:read'], projects: 'path', needsRule: 'secret' },
    PUT: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
    DELETE: { scopes: ['project:admin'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/members/': {
    GET: { scopes: ['project:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/projects/{org}/{project}/monitors/{monitor_id_or_slug}/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'path' },
    PUT: { scopes: ['alerts:write', 'project:write'], projects: 'path' },
    DELETE: { scopes: ['alerts:write', 'project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/monitors/{monitor_id_or_slug}/checkins/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/monitors/{monitor_id_or_slug}/stats/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/ownership/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    PUT: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/plugins/{plugin_id}/': {
    GET: { scopes: ['project:read'], projects: 'path', needsRule: 'secret' },
    POST: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
    PUT: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
    DELETE: { scopes: ['project:admin'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/preprod/size-analysis/status-check-rules/': {
    GET: { scopes: ['project:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/projects/{org}/{project}/preprod/size-analysis/status-checks/skip/': {
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'refuse' },
  },
  '/api/0/projects/{org}/{project}/preprod/snapshots/status-check-rules/': {
    GET: { scopes: ['project:read'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/projects/{org}/{project}/preprod/snapshots/status-checks/skip/': {
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'refuse' },
  },
  '/api/0/projects/{org}/{project}/preprodartifacts/build-distribution/latest/': {
    GET: { scopes: ['project:distribution'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/preprodartifacts/snapshots/': {
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: 'refuse' },
  },
  '/api/0/projects/{org}/{project}/preprodartifacts/snapshots/upload-options/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: 'path', needsRule: 'secret' },
  },
  '/api/0/projects/{org}/{project}/profiling/profiles/{profile_id}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/releases/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: ['path', 'filter:[].projects'] },
    POST: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: 'path',
      body: {
        keys: { projects: 'projects', version: 'release', commits: 'never with projects' },
        only: ['ref', 'url', 'dateStarted', 'dateReleased', 'status', 'owner'],
      },
    },
  },
  '/api/0/projects/{org}/{project}/releases/token/': {
    GET: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
    POST: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
  },
  '/api/0/projects/{org}/{project}/releases/{version}/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: ['path', 'filter:projects'] },
    PUT: {
      scopes: ['org:ci', 'project:releases', 'project:write'],
      projects: ['path', 'lookup:release'],
      body: {
        keys: { projects: 'projects', commits: 'never with projects' },
        only: ['ref', 'url', 'dateStarted', 'dateReleased', 'status', 'owner'],
      },
    },
    DELETE: { scopes: ['project:releases', 'project:admin'], projects: ['path', 'lookup:release'] },
  },
  '/api/0/projects/{org}/{project}/releases/{version}/commits/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: ['path', 'lookup:release'] },
  },
  '/api/0/projects/{org}/{project}/releases/{version}/files/': {
    GET: { scopes: ['project:read', 'org:ci', 'project:releases'], projects: ['path', 'lookup:release'] },
    POST: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: ['path', 'lookup:release'] },
  },
  '/api/0/projects/{org}/{project}/releases/{version}/files/{file_id}/': {
    GET: {
      scopes: ['project:read', 'org:ci', 'project:releases'],
      projects: ['path', 'lookup:release'],
      query: { keys: { download: 'project:write' } },
    },
    PUT: { scopes: ['org:ci', 'project:releases', 'project:write'], projects: ['path', 'lookup:release'] },
    DELETE: { scopes: ['project:releases', 'project:admin'], projects: ['path', 'lookup:release'] },
  },
  '/api/0/projects/{org}/{project}/replays/jobs/delete/': {
    GET: { scopes: ['project:write'], projects: 'path' },
    POST: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/replays/jobs/delete/{job_id}/': {
    GET: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/replays/{replay_id}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    DELETE: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/replays/{replay_id}/clicks/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/replays/{replay_id}/recording-segments/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/replays/{replay_id}/recording-segments/{segment_id}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/replays/{replay_id}/viewed-by/': {
    GET: { scopes: ['event:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/repo/': {
    POST: { scopes: ['project:write'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/projects/{org}/{project}/rule-task/{task_uuid}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/rules/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'path' },
    POST: { scopes: ['alerts:write', 'project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/rules/{rule_id}/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: ['path', 'lookup:rule'] },
    PUT: {
      scopes: ['alerts:write', 'project:write'],
      projects: ['path', 'lookup:rule'],
      body: {
        only: [
          'name',
          'environment',
          'actionMatch',
          'filterMatch',
          'actions',
          'conditions',
          'filters',
          'frequency',
          'owner',
          'status',
          'optOutExplicit',
          'optOutEdit',
        ],
      },
    },
    DELETE: { scopes: ['alerts:write', 'project:write'], projects: ['path', 'lookup:rule'] },
  },
  '/api/0/projects/{org}/{project}/seer/repos/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    POST: { scopes: ['project:write'], projects: 'refuse' },
    PUT: { scopes: ['project:write'], projects: 'refuse' },
  },
  '/api/0/projects/{org}/{project}/seer/repos/{repo_id}/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    PUT: {
      scopes: ['project:write'],
      projects: 'path',
      body: { only: ['branchName', 'instructions', 'branchOverrides'] },
    },
    DELETE: { scopes: ['project:admin'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/stacktrace-link/': {
    GET: {
      scopes: ['project:read'],
      projects: 'path',
      query: { keys: { commitId: 'ok', groupId: 'ok' } },
      removedWithProjects: ['integrations'],
    },
  },
  '/api/0/projects/{org}/{project}/stats/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/symbol-sources/': {
    GET: { scopes: ['project:read'], projects: 'path', needsRule: 'secret' },
    POST: { scopes: ['project:write'], projects: 'path' },
    PUT: { scopes: ['project:write'], projects: 'path', needsRule: 'secret' },
    DELETE: { scopes: ['project:admin'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/tags/{key}/values/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/teams/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/teams/{team}/': {
    POST: { scopes: ['project:write'], projects: 'path', removed: ['securityToken', 'securityTokenHeader'] },
    DELETE: { scopes: ['project:write'], projects: 'path', removed: ['securityToken', 'securityTokenHeader'] },
  },
  '/api/0/projects/{org}/{project}/trace-items/{item_id}/': {
    GET: { scopes: ['project:read'], projects: 'path', query: { keys: { trace_id: 'ok' } } },
  },
  '/api/0/projects/{org}/{project}/uptime/': {
    POST: {
      scopes: ['alerts:write', 'project:write'],
      projects: 'path',
      body: { keys: { mode: 'rule' } },
      removed: ['headers', 'body'],
    },
  },
  '/api/0/projects/{org}/{project}/uptime/{uptime_detector_id}/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'path', removed: ['headers', 'body'] },
    PUT: {
      scopes: ['alerts:write', 'project:write'],
      projects: 'path',
      body: { keys: { url: 'rule', method: 'rule', mode: 'rule' } },
      removed: ['headers', 'body'],
    },
    DELETE: { scopes: ['alerts:write', 'project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/uptime/{uptime_detector_id}/checks/': {
    GET: { scopes: ['alerts:read', 'project:read'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/user-feedback/': {
    GET: { scopes: ['project:read'], projects: 'path' },
    POST: { scopes: ['project:write'], projects: 'path' },
  },
  '/api/0/projects/{org}/{project}/users/': {
    GET: { scopes: ['project:read'], projects: 'path' },
  },
  '/api/0/seer/models/': {
    GET: { scopes: [], projects: 'none' },
  },
  '/api/0/sentry-app-installations/{uuid}/external-issues/': {
    POST: { scopes: ['event:write'], projects: 'refuse' },
  },
  '/api/0/sentry-app-installations/{uuid}/external-issues/{external_issue_id}/': {
    DELETE: { scopes: ['event:admin'], projects: 'refuse' },
  },
  '/api/0/sentry-apps/{sentry_app_id_or_slug}/': {
    GET: {
      scopes: ['event:read', 'member:read', 'org:read', 'project:read', 'team:read', 'project:releases'],
      projects: 'refuse',
      needsRule: 'secret',
    },
    PUT: { scopes: ['org:write'], projects: 'refuse', needsRule: 'secret' },
    DELETE: { scopes: ['org:admin'], projects: 'refuse' },
  },
  '/api/0/teams/{org}/{team}/': {
    GET: { scopes: ['team:read'], projects: 'refuse' },
    PUT: { scopes: ['team:write'], projects: 'refuse' },
    DELETE: { scopes: ['team:admin'], projects: 'refuse' },
  },
  '/api/0/teams/{org}/{team}/external-teams/': {
    POST: { scopes: ['team:write'], projects: 'refuse', needsRule: 'unproven' },
  },
  '/api/0/teams/{org}/{team}/external-teams/{external_team_id}/': {
    PUT: { scopes: ['team:write'], projects: 'refuse' },
    DELETE: { scopes: ['team:admin'], projects: 'refuse' },
  },
  '/api/0/teams/{org}/{team}/members/': {
    GET: { scopes: ['team:read'], projects: 'refuse' },
  },
  '/api/0/teams/{org}/{team}/projects/': {
    GET: { scopes: ['project:read'], projects: 'filter' },
    POST: { scopes: ['project:write'], projects: 'refuse', removed: ['securityToken', 'securityTokenHeader'] },
  },
});

/** Everything at or below these is granted by an `allow` rule alone, and only if that names it. */
export const GUARDED: readonly string[] = [
  '/api/0/internal', // Sentry's own options, and a PUT that sets them
  '/api/0/relocations', // exports of whole organizations
  '/api/0/publickeys', // keys of relocations
  '/api/0/relays', // the ingestion of events
  '/api/0/users', // accounts, for a superuser all of them
  '/api/0/userroles', // rights of administrators
  '/api/0/auth', // sessions
  '/api/0/auth-v2', // sessions
  '/api/0/api-tokens', // tokens of users
  '/api/0/api-applications', // OAuth applications and their secrets
  '/api/0/api-authorizations', // what users let applications do
  '/api/0/authenticators', // second factors
  '/api/0/wizard', // tokens and DSNs; its GET makes a hash that leads to them
  '/api/0/accept-transfer', // the transfer of a project
  '/api/0/accept-invite', // membership
  '/api/0/broadcasts', // what Sentry shows to all users
  '/api/0/assistant', // a user's own state
  '/api/0/prompts-activity', // a user's own state
  '/api/0/sentry-apps', // client secrets, which a superuser sees unmasked
  '/api/0/sentry-app-installations', // grant codes
  '/api/0/doc-integrations', // integrations of all organizations
  '/api/0/integration-features', // integrations of all organizations
  '/api/0/secret-scanning', // reports of leaked tokens
  '/api/0/data-export', // exported events
  '/api/0/organizations/{org}/api-keys', // API keys in full
  '/api/0/organizations/{org}/audit-logs', // people and their addresses
  '/api/0/organizations/{org}/auth-provider', // settings of single sign-on, in some versions with the SCIM token
  '/api/0/organizations/{org}/data-export', // exported events
  '/api/0/organizations/{org}/flags/signing-secrets', // secrets that sign webhooks
  '/api/0/organizations/{org}/invite-requests', // pending invitations
  '/api/0/organizations/{org}/org-auth-tokens', // tokens of the organization; its POST answers a new one
  '/api/0/projects/{org}/{project}/tempest-credentials', // credentials for consoles
];

/** Names of Sentry's that stand next to a parameter or are nearly another name, so that they are not taken for it. */
export const OTHER_NAMES: readonly string[] = [
  '/api/0/organizations/{org}/auth-providers',
  '/api/0/organizations/{org}/events-spans',
  '/api/0/organizations/{org}/traces',
  '/api/0/organizations/{org}/alert-rules/available-actions',
  '/api/0/organizations/{org}/dashboards/starred',
  '/api/0/organizations/{org}/integrations/coding-agents',
  '/api/0/organizations/{org}/releases/stats',
  '/api/0/projects/{org}/{project}/plugins/configs',
  '/api/0/projects/{org}/{project}/releases/completion',
  '/api/0/projects/{org}/{project}/rules/configuration',
  '/api/0/projects/{org}/{project}/rules/preview',
];

/** Paths whose pattern in Sentry has no end: whatever continues one goes to the same view. */
export const WITHOUT_END: readonly string[] = [
  '/api/0/projects/{org}/{project}/files/proguard-artifact-releases',
];
