// A Sentry for real clients, and a public address that none of them may reach: every request there is a leak.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { startSentry } from '../../demo/sentry.ts';
import {
  type ApiRequest,
  type ApiState,
  type Endpoint,
  endpoint,
  notFound,
  page,
  type Reply,
} from '../../demo/sentry-api.ts';
import { allProjects, issuesOf, organizations } from '../../demo/sentry-data.ts';
import { everything, installation } from './everything.ts';
import { startObjectStore } from './object-store.ts';
import { FEEDBACK, RELEASE } from './sentry-shapes.ts';

type Path = Record<string, string>;

/** The token that the proxy holds, and no client. */
export const TOKEN = 'c'.repeat(64);

export interface StandIn {
  /** Where the proxy reaches it. */
  readonly url: string;
  /** The origin in what it answers. */
  readonly publicUrl: string;
  /** The first bytes of each connection to the public address. */
  readonly leaks: readonly string[];
  /** Keys of the images of snapshots that were stored. */
  readonly images: ReadonlySet<string>;
  /** Requests to the store of images that had credentials of a client. */
  readonly strangers: readonly string[];
  /** Method, target and status of each request that came through, oldest first. */
  readonly requests: readonly { method: string; target: string; status: number; bearer: string | undefined }[];
  /** Uploaded chunks by their SHA-1. */
  readonly chunks: Map<string, Buffer>;
  /** What was assembled, by its checksum. */
  readonly assembled: ReadonlyMap<string, Buffer>;
  stop(): Promise<void>;
}

/**
 * @param scheme of the public address: some clients take no other than https
 * @param organizationToken one of the organization acme; with it Sentry refuses its system token releases, as it does
 */
export async function startStandIn(scheme: 'http' | 'https' = 'http', organizationToken?: string): Promise<StandIn> {
  const leaks = await listenForLeaks();
  const store = await startObjectStore();
  const releases = new Map<string, Record<string, unknown>>([[RELEASE.version, { ...RELEASE }]]);
  const assembled = new Map<string, Buffer>();
  const sentry = await startSentry({
    database: { query: async () => [{ value: TOKEN }] },
    endpoints: [uploadOptions(store.options), ...endpointsOf(releases, assembled)],
    ...(organizationToken !== undefined && { organizationToken }),
  });
  sentry.urlPrefix = `${scheme}://127.0.0.1:${leaks.port}`;
  return {
    url: sentry.url,
    publicUrl: sentry.urlPrefix,
    leaks: leaks.heads,
    images: store.keys,
    strangers: store.strangers,
    requests: sentry.requests,
    chunks: sentry.chunks,
    assembled,
    async stop() {
      await sentry.stop();
      await leaks.stop();
      await store.stop();
    },
  };
}

async function listenForLeaks() {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const index = heads.push('(nothing was sent)') - 1;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (bytes) => {
      heads[index] = bytes.toString('latin1', 0, 200);
      // As Sentry would answer a client without a token of Sentry.
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    heads,
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Where the images of a snapshot go. */
const uploadOptions = (options: object): Endpoint =>
  endpoint('/api/0/projects/:org/:project/preprodartifacts/snapshots/upload-options/', {
    GET: () => ({ status: 200, json: options }),
  });

/** Requests of the clients, in addition to those of the demonstration. */
function endpointsOf(releases: Map<string, Record<string, unknown>>, assembled: Map<string, Buffer>): Endpoint[] {
  const organization = (_: ApiRequest, { urlPrefix }: ApiState, { org }: Path): Reply => {
    const found = organizations(urlPrefix).find(({ slug, id }) => slug === org || id === org);
    return found === undefined ? notFound() : { status: 200, json: { ...found, projects: [], teams: [] } };
  };
  const project = (_: ApiRequest, { urlPrefix }: ApiState, { org, project: slug }: Path): Reply => {
    const found = allProjects(urlPrefix).find((one) => one.slug === slug && one.organization?.slug === org);
    return found === undefined ? notFound() : { status: 200, json: found };
  };
  const issuesOfOrganization = (request: ApiRequest, state: ApiState, { org }: Path): Reply => {
    const issues = issuesOf(org!, 'checkout', state.urlPrefix);
    return issues === undefined ? notFound() : page(request, state, issues, 25);
  };
  const issue = (_: ApiRequest, { urlPrefix }: ApiState, { id }: Path): Reply => {
    const found = issuesOf('acme', 'checkout', urlPrefix)!.find((one) => one.id === id || one.shortId === id);
    const kind = found?.id === FEEDBACK ? { issueCategory: 'feedback', issueType: 'feedback' } : {};
    return found === undefined ? notFound() : { status: 200, json: { ...found, ...kind } };
  };
  const shortId = (request: ApiRequest, state: ApiState, path: Path): Reply => {
    const { status, json } = issue(request, state, path);
    return status === 200
      ? { status, json: { group: json, shortId: path.id, organizationSlug: path.org } }
      : notFound();
  };
  const createRelease = ({ body }: ApiRequest): Reply => {
    const { version, projects = [] } = JSON.parse(body.toString());
    // Sentry adds the projects to those that the release has.
    const release = { ...(releases.get(version) ?? releaseOf(version, [])) };
    release.projects = [...(release.projects as object[]), ...(releaseOf(version, projects).projects as object[])];
    releases.set(version, release);
    return { status: 201, json: release };
  };
  const editRelease = ({ method, body }: ApiRequest, _: ApiState, { version }: Path): Reply => {
    const name = decodeURIComponent(version!);
    const release = releases.get(name) ?? (method === 'PUT' ? releaseOf(name, ['checkout']) : undefined);
    if (release === undefined) return notFound();
    const { dateReleased, commits } = method === 'PUT' ? JSON.parse(body.toString()) : {};
    if (dateReleased !== undefined) release.dateReleased = dateReleased;
    if (commits !== undefined) release.commitCount = commits.length;
    releases.set(name, release);
    return { status: 200, json: release };
  };
  const listReleases = (request: ApiRequest, state: ApiState): Reply =>
    page(request, state, [...releases.values()], 100);
  const removeRelease = (_: ApiRequest, __: ApiState, { version }: Path): Reply => {
    releases.delete(decodeURIComponent(version!));
    return { status: 204 };
  };
  const previousCommits = (): Reply => notFound();
  const regions = (_: ApiRequest, { urlPrefix }: ApiState): Reply => ({
    status: 200,
    json: { regions: [{ name: 'monolith', url: urlPrefix }] },
  });

  return [
    endpoint('/api/0/organizations/:org/', { GET: organization }),
    endpoint('/api/0/projects/:org/:project/', { GET: project, PUT: project }),
    endpoint('/api/0/users/me/regions/', { GET: regions }),
    endpoint('/api/0/organizations/:org/issues/', { GET: issuesOfOrganization }),
    endpoint('/api/0/organizations/:org/issues/:id/', { GET: issue, PUT: issue }),
    endpoint('/api/0/organizations/:org/shortids/:id/', { GET: shortId }),
    endpoint('/api/0/organizations/:org/releases/', { GET: listReleases, POST: createRelease }),
    endpoint('/api/0/projects/:org/:project/releases/', { GET: listReleases, POST: createRelease }),
    endpoint('/api/0/organizations/:org/releases/:version/', {
      GET: editRelease,
      PUT: editRelease,
      DELETE: removeRelease,
    }),
    endpoint('/api/0/projects/:org/:project/releases/:version/', {
      GET: editRelease,
      PUT: editRelease,
      DELETE: removeRelease,
    }),
    endpoint('/api/0/organizations/:org/releases/:version/previous-with-commits/', { GET: previousCommits }),
    endpoint('/api/0/organizations/:org/releases/:version/assemble/', { POST: assembleWith(assembled) }),
    endpoint('/api/0/organizations/:org/artifactbundle/assemble/', { POST: assembleWith(assembled) }),
    installation,
    everything,
  ];
}

/** Puts the chunks of an artifact bundle together (OrganizationArtifactBundleAssembleEndpoint). */
function assembleWith(assembled: Map<string, Buffer>) {
  return ({ body }: ApiRequest, { chunks }: ApiState): Reply => {
    const { checksum, chunks: wanted } = JSON.parse(body.toString()) as { checksum: string; chunks: string[] };
    const missingChunks = wanted.filter((each) => !chunks.has(each));
    if (missingChunks.length > 0) return { status: 200, json: { state: 'not_found', missingChunks } };
    const whole = Buffer.concat(wanted.map((each) => chunks.get(each)!));
    const isSound = createHash('sha1').update(whole).digest('hex') === checksum;
    if (isSound) assembled.set(checksum, whole);
    return { status: 200, json: { state: isSound ? 'ok' : 'error', missingChunks: [] } };
  };
}

const releaseOf = (version: string, projects: string[]): Record<string, unknown> => ({
  ...RELEASE,
  ...{ version, shortVersion: version, dateReleased: null },
  projects: projects.map((slug, index) => ({ id: index + 2, slug, name: slug })),
});
