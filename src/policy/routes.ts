import { ENDPOINTS } from './endpoints.ts';
import { fits } from './parameters.ts';
import { SCOPES } from './scopes.ts';
import { API_PREFIX, type Target } from './target.ts';

/** How a client that is limited to projects is kept to them, by the letter in the table. */
export const LIMITS = {
  p: 'path',
  l: 'lookup',
  q: 'query',
  i: 'inferred',
  b: 'body-projects',
  s: 'body-project',
  f: 'filter',
  m: 'filter-projects',
  n: 'none',
  r: 'refuse',
} as const;

/** A limit of the table: see `LIMITS`; `inferred` is a query that nobody has seen to filter. */
export type Limit = (typeof LIMITS)[keyof typeof LIMITS];

/** What the table knows of one method of one path. */
export interface Endpoint {
  /** Any of these will do; the first opens least. */
  readonly anyOf: readonly string[];
  /** Undefined: the place of the path says it. */
  readonly limit: Limit | undefined;
  /** Whether its answer holds a secret. */
  readonly isSecret: boolean;
}

/** Where a path leads in the table. */
export interface Walk {
  /** The path as Sentry's documentation writes it, if the table has it. */
  readonly template?: string;
  /** By method. */
  readonly methods?: ReadonlyMap<string, Endpoint>;
  /** The decoded parameters, by name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** For each segment, whether the table has a parameter there, a literal, or does not know. */
  readonly places: readonly ('literal' | 'parameter' | 'unknown')[];
  /** Whether a segment is encoded that decodes to a name of the table: Sentry routes it by that name. */
  readonly isDisguised: boolean;
  /** Whether only an `allow` rule that names it gives it, whatever the method. */
  readonly isGuarded: boolean;
  /** Whether something stands in the place of an organization, project, team or issue that cannot be one. */
  readonly isMisfit: boolean;
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter?: { readonly name: string; readonly node: Node };
  isGuarded?: boolean;
  template?: string;
  methods?: ReadonlyMap<string, Endpoint>;
}

/** The methods that a named client may use: exactly these spellings, since Django reads `delete` as DELETE. */
export const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** A letter for each of those in the table. */
const LETTERS = 'GHPUAD';

/** Parameters that rights are tied to. */
const LIMITING: ReadonlySet<string> = new Set(['org', 'project', 'team', 'issue_id']);

let table: Node | undefined;

/** Follows a target through the table: a literal before a parameter, and never back. */
export function walk({ segments }: Target): Walk {
  const parameters = new Map<string, string>();
  const places: Walk['places'][number][] = [];
  // Made at the first use: a proxy without named clients does without it.
  table ??= tableOf(ENDPOINTS);
  let node: Node | undefined = table;
  let isGuarded = false;
  let isDisguised = false;
  let isMisfit = false;
  for (const segment of segments) {
    const literal: Node | undefined = node?.literals.get(segment.text);
    const parameter: Node['parameter'] = node?.parameter;
    if (literal !== undefined) {
      if (!segment.isPlain) isDisguised = true;
      if (literal.isGuarded) isGuarded = true;
      places.push('literal');
      node = literal;
    } else if (parameter !== undefined && fits(parameter.name, segment.text)) {
      parameters.set(parameter.name, segment.text);
      places.push('parameter');
      node = parameter.node;
    } else {
      const isNameless = segment.text === '';
      if (parameter !== undefined && !isNameless && LIMITING.has(parameter.name)) isMisfit = true;
      places.push('unknown');
      node = undefined;
    }
  }
  const found = node?.methods === undefined ? {} : { template: node.template!, methods: node.methods };
  return { ...found, parameters, places, isGuarded, isDisguised, isMisfit };
}

/** HEAD is as GET: Sentry runs the same view for both. */
export const endpointOf = ({ methods }: Walk, method: string): Endpoint | undefined =>
  methods?.get(method) ?? (method === 'HEAD' ? methods?.get('GET') : undefined);

/** Method and path, as texts to the client name them. */
export const askedText = (method: string, { template }: Walk): string => `${method} ${template ?? 'on this path'}`;

function tableOf(lines: string): Node {
  const root = newNode();
  let before: string[] = [];
  for (const line of lines.trim().split('\n')) {
    const shared = line.search(/\S/);
    const [path = '', entries] = line.trimStart().split(' ');
    const below = path === '/' ? [''] : [...before.slice(0, shared), ...path.split('/')];
    before = below;
    const node = nodeAt(root, [...API_PREFIX, ...below]);
    if (entries === '!') node.isGuarded = true;
    if (entries === undefined || entries === '!') continue;
    node.template = `/${[...API_PREFIX, ...below].join('/')}`;
    node.methods = new Map(
      Array.from(entries.matchAll(/([A-Z])([a-z]*)=?([a-z]?)(!?)/g), ([, letter, scopes, limit, secret]) => [
        METHODS[LETTERS.indexOf(letter!)]!,
        {
          anyOf: Array.from(scopes!, (place) => SCOPES[Number.parseInt(place, 36) - 10]!),
          limit: LIMITS[limit as keyof typeof LIMITS],
          isSecret: secret === '!',
        },
      ]),
    );
  }
  return root;
}

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
