import { type Endpoint, METHODS } from './endpoint.ts';
import { type Endpoints, GUARDED, makeRows, OTHER_NAMES, WITHOUT_END } from './endpoints.ts';
import { fits, isName } from './parameters.ts';
import { canonicalName } from './synonyms.ts';
import { API_PREFIX, parseTarget, type Segment, type Target } from './target.ts';
import { withoutOrganization } from './twins.ts';

/** Where a path leads in the table. */
export interface RouteMatch {
  /** The path as Sentry's documentation writes it, if the table has it. */
  readonly template: string | undefined;
  /** The text between its slashes. */
  readonly pieces: readonly string[];
  /** By method. */
  readonly methods: ReadonlyMap<string, Endpoint> | undefined;
  /** For each segment, whether the table has a parameter there, a literal, or does not know. */
  readonly places: readonly ('literal' | 'parameter' | 'unknown')[];
  /** Whether a segment is encoded that decodes to a name of the table: Sentry routes it by that name. */
  readonly hasEncodedLiteral: boolean;
  /** Whether it takes an `allow` rule that names the path, for every method. */
  readonly needsExplicitAllow: boolean;
  /**
   * Whether a value cannot be the organization, project, team or issue that the path has there, or is not even a name where
   * the path has another parameter: Sentry may still read it as an id, which the row would not limit. Or the path goes on
   * where Sentry's pattern has no end.
   */
  readonly hasInvalidId: boolean;
}

/** A segment of the table, with what may come after it. */
export interface Node {
  readonly literals: Map<string, Node>;
  parameter?: { readonly name: string; readonly node: Node };
  needsExplicitAllow?: boolean;
  /** The literal that Sentry takes for this path's last segment whatever comes after it, in the segment or the path. */
  openEnd?: string;
  template?: string;
  pieces?: readonly string[];
  methods?: ReadonlyMap<string, Endpoint>;
}

/** Parameters that rights are tied to. */
const LIMITING = /^(?:org|project|team|issue_id)$/;

/** All rows, those of issues under their paths without an organization as well. */
export function makeEndpoints(): Endpoints {
  const rows = makeRows();
  const twins = Object.entries(rows).map(([path, methods]) => [withoutOrganization(path) ?? path, methods]);
  return { ...rows, ...Object.fromEntries(twins) };
}

let table: { readonly endpoints: Endpoints; readonly root: Node } | undefined;

/** Made at the first use: a proxy without named clients does without it. */
const made = () => {
  if (table !== undefined) return table;
  const endpoints = makeEndpoints();
  table = { endpoints, root: makeTree(endpoints) };
  return table;
};

export const root = (): Node => made().root;

/** By method, what there is at a path of the table. */
export const endpointsAt = (template: string): Readonly<Record<string, Endpoint>> => made().endpoints[template] ?? {};

/** Follows a target through the table: a literal before a parameter, and never back. */
export function matchRoute({ segments }: Target): RouteMatch {
  const places: RouteMatch['places'][number][] = [];
  let node: Node | undefined = root();
  let needsExplicitAllow = false;
  let hasEncodedLiteral = false;
  let hasInvalidId = false;
  for (const segment of segments) {
    if (node?.openEnd !== undefined && segment.text.startsWith(node.openEnd)) {
      const isWhole = segment.text === node.openEnd && segment === segments.at(-1);
      if (!isWhole) hasInvalidId = true;
    }
    const literal: Node | undefined = node?.literals.get(segment.text);
    const parameter: Node['parameter'] = node?.parameter;
    if (literal !== undefined) {
      if (!segment.isPlain) hasEncodedLiteral = true;
      if (literal.needsExplicitAllow) needsExplicitAllow = true;
      places.push('literal');
      node = literal;
    } else if (parameter !== undefined && fits(parameter.name, segment.text)) {
      places.push('parameter');
      node = parameter.node;
    } else {
      const isNameless = segment.text === '';
      const isHeld = parameter !== undefined && !isNameless;
      if (isHeld && (LIMITING.test(parameter.name) || !isName(segment.text))) hasInvalidId = true;
      places.push('unknown');
      node = undefined;
    }
  }
  return {
    template: node?.template,
    pieces: node?.pieces ?? NONE,
    methods: node?.methods,
    places,
    needsExplicitAllow,
    hasEncodedLiteral,
    hasInvalidId,
  };
}

const NONE: readonly string[] = [];

/** Whether a path that lacks /api/0 and begins with this is a slip. Sentry's web pages are below /auth/ as well. */
export const isOfTheApi = (name: string): boolean =>
  !/^(?:auth)?$/.test(name) && nodeAt(root(), API_PREFIX).literals.has(canonicalName(name));

/** The parameter of a path that the table calls so, as it is written there, decoded. */
export const parameterIn = (match: RouteMatch, target: Target, name: string): string | undefined =>
  segmentOf(match, target, name)?.text;

/** The segment with the parameter of a path that the table calls so. */
export const segmentOf = ({ pieces }: RouteMatch, { segments }: Target, name: string): Segment | undefined =>
  segments[pieces.indexOf(`{${name}}`)];

/** HEAD is as GET: Sentry runs the same view for both. */
export const endpointOf = ({ methods }: RouteMatch, method: string): Endpoint | undefined =>
  methods?.get(method) ?? (method === 'HEAD' ? methods?.get('GET') : undefined);

/** A request's name in metrics: its method, and its path as the table has it. No other names exist. */
export function nameOfRequest(method: string, target: string): string {
  const parsed = parseTarget(target);
  const template = typeof parsed === 'string' ? undefined : matchRoute(parsed).template;
  return `${METHODS.includes(method) ? method : 'other method'} ${template ?? 'other path'}`;
}

/** Method and path, as texts to the client name them. */
export const askedText = (method: string, { template }: RouteMatch): string =>
  `${method} ${template ?? 'on this path'}`;

function makeTree(endpoints: Endpoints): Node {
  const root = newNode();
  for (const [path, methods] of Object.entries(endpoints)) {
    const node = nodeAt(root, segmentsOf(path));
    node.template = path;
    node.pieces = segmentsOf(path);
    node.methods = new Map(Object.entries(methods));
  }
  for (const path of GUARDED) nodeAt(root, segmentsOf(path)).needsExplicitAllow = true;
  for (const path of OTHER_NAMES) nodeAt(root, segmentsOf(path));
  for (const path of WITHOUT_END) {
    const segments = segmentsOf(path);
    nodeAt(root, segments.slice(0, -1)).openEnd = segments.at(-1)!;
  }
  return root;
}

const segmentsOf = (path: string): string[] => path.slice(1).split('/');

function nodeAt(root: Node, path: readonly string[]): Node {
  let node = root;
  for (const segment of path) {
    if (segment.startsWith('{')) {
      node.parameter ??= { name: segment.slice(1, -1), node: newNode() };
      node = node.parameter.node;
    } else {
      const next = node.literals.get(segment) ?? newNode();
      node.literals.set(segment, next);
      node = next;
    }
  }
  return node;
}

const newNode = (): Node => ({ literals: new Map() });
