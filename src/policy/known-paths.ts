import type { Walk } from './sentry/endpoint-table.ts';

/** Its answer has secrets of the project in it. */
export const PROJECT_DETAILS = '/api/0/projects/{org}/{project}/';

/** HEAD runs the same view as GET. */
export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** What the API says of itself; every named client may ask it. */
export const isIndex = (method: string, { template }: Walk): boolean => isRead(method) && template === '/api/0/';

/** The list of organizations, which is filtered for a client that is limited. */
export const isOrganizationList = (method: string, { template }: Walk): boolean =>
  isRead(method) && template === '/api/0/organizations/';
