import type { RouteMatch } from './sentry/endpoint-table.ts';
import type { Target } from './sentry/target.ts';

/** HEAD runs the same view as GET. */
const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** The API's index, which every named client may read. */
export const isIndex = (method: string, { template }: RouteMatch): boolean => isRead(method) && template === '/api/0/';

/** Where a client asks for the regions of Sentry's cloud. A proxy has none, and a refusal would pass for a bad token. */
export const isRegions = (method: string, { names: [first, user, third, end, more] }: Target): boolean =>
  isRead(method) && first === 'users' && user === 'me' && third === 'regions' && end === '' && more === undefined;

/** The list of projects of all organizations, which is filtered for a client that is limited. */
export const isProjectList = (method: string, { template }: RouteMatch): boolean =>
  isRead(method) && template === '/api/0/projects/';

/** The list of organizations, which is filtered for a client that is limited. */
export const isOrganizationList = (method: string, { template }: RouteMatch): boolean =>
  isRead(method) && template === '/api/0/organizations/';
