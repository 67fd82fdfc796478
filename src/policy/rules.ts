import { suggestion } from '../nearest-name.ts';
import { METHODS } from './sentry/endpoint.ts';
import { endpointOf, endpointsAt, isOfTheApi, type Node, type RouteMatch, root } from './sentry/endpoint-table.ts';
import { fits } from './sentry/parameters.ts';
import { mayMeanTheSame } from './sentry/spellings.ts';
import { canonicalName, canonicalSegments } from './sentry/synonyms.ts';
import { API_PREFIX, type Target } from './sentry/target.ts';
import { type TwinSegment, twinsOf } from './sentry/twins.ts';

type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'rest' };

/** An entry of `allow` or `deny`. */
export interface Rule {
  /** As the file has it. */
  readonly text: string;
  /** A method, or `*`. */
  readonly method: string;
  readonly pieces: readonly Piece[];
}

/**
 * Reads `METHOD /path`.
 * @returns the rule, or a string that says what is wrong and quotes nothing
 */
export function parseRule(text: string): Rule | string {
  const [, method, path] = /^(\S+) (\S+)$/.exec(text) ?? [];
  if (method === undefined || path === undefined) return 'is not a method, one space and a path';
  if (method !== '*' && !METHODS.includes(method)) return `does not begin with * or one of ${METHODS.join(', ')}`;
  if (!path.startsWith('/')) return 'has a path that does not begin with a slash';
  const written = path.slice(1).split('/');
  const isApi = API_PREFIX.every((segment, index) => written[index] === segment);
  if (!isApi && isOfTheApi(firstName(path))) return 'has a path that lacks /api/0';
  const names = isApi ? [...API_PREFIX, ...canonicalSegments(written.slice(API_PREFIX.length))] : written;
  const pieces: Piece[] = [];
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    if (name === '**' && !isLast) return 'has ** somewhere other than at the end';
    const piece = name === '' && !isLast ? undefined : pieceOf(name);
    if (piece === undefined) return 'has a segment that is neither plain text, {name}, * nor ** at the end';
    pieces.push(piece);
  }
  return { text, method, pieces };
}

/** The name that follows a near miss of /api/0, or the first name. */
const firstName = (path: string): string => /^\/(?:api\/)?(?:\d+\/)?([^/]*)/i.exec(path)![1]!.toLowerCase();

function pieceOf(name: string): Piece | undefined {
  if (name === '**') return { kind: 'rest' };
  if (name === '*') return { kind: 'any' };
  const parameter = /^\{([a-z_]+)\}$/.exec(name)?.[1];
  if (parameter !== undefined) return { kind: 'parameter', name: parameter };
  // One segment of Sentry's that holds two parameters.
  if (name === '{project}:{event_id}') return { kind: 'parameter', name: 'project:event_id' };
  const isPlain = /^(?![:$])[A-Za-z0-9._~!$&'()+,=:@-]*$/.test(name) && name !== '.' && name !== '..';
  return isPlain ? { kind: 'literal', text: name } : undefined;
}

/**
 * Whether an `allow` rule grants this request. A `{name}` never matches a name that Sentry has in that place. A path
 * that reveals secrets has to be named: its literal segments are in the rule, or `**` covers them.
 */
export function allows(rule: Rule, method: string, target: Target, match: RouteMatch): boolean {
  if (!coversMethod(rule, method)) return false;
  const { segments } = target;
  // A method that the table does not have may do the same as another one of the same path.
  const endpoint = endpointOf(match, method);
  const answers = endpoint === undefined ? [...(match.methods?.values() ?? [])] : [endpoint];
  const needsNaming = match.needsExplicitAllow || answers.some(({ needsRule }) => needsRule !== undefined);
  for (const [index, piece] of rule.pieces.entries()) {
    if (piece.kind === 'rest') return true;
    const segment = segments[index];
    if (segment === undefined) return false;
    const isName = match.places[index] === 'literal';
    if (piece.kind === 'literal') {
      if (!segment.isPlain || segment.text !== piece.text) return false;
    } else {
      if (segment.text === '' || (isName && needsNaming)) return false;
      if (piece.kind === 'parameter' && (isName || !fitsRule(piece.name, segment.text))) return false;
    }
  }
  return segments.length === rule.pieces.length;
}

/**
 * Whether a `deny` rule refuses this request, and rather too many: `{name}` and `*` match any segment, neither a slash at
 * the end nor case counts, and where Sentry takes a slug or an id, a rule with the one covers every
 * request with the other. A rule covers the other paths of the same thing as well, if it names what kind of thing it
 * is.
 */
export function denies(rule: Rule, method: string, target: Target, { places }: RouteMatch): boolean {
  if (!coversMethod(rule, method)) return false;
  const own = target.segments.map(({ text }, index) => ({ text, place: places[index]!, isName: false }));
  if (coversInDoubt(rule, own)) return true;
  return twinsOf(target.names).some((twin) =>
    coversInDoubt(rule, [
      ...API_PREFIX.map((text) => ({ text, place: 'literal' as const, isName: false })),
      ...twin.map((segment) => ({ ...segment, place: segment.isName ? ('literal' as const) : ('parameter' as const) })),
    ]),
  );
}

interface DeniedSegment extends TwinSegment {
  readonly place: RouteMatch['places'][number];
}

function coversInDoubt(rule: Rule, path: readonly DeniedSegment[]): boolean {
  const segments = path.at(-1)?.text === '' ? path.slice(0, -1) : path;
  const pieces = rule.pieces.filter((piece, index) => index < rule.pieces.length - 1 || !isEmpty(piece));
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === 'rest') return !segments.slice(index).some(({ isName }) => isName);
    const segment = segments[index];
    if (segment === undefined) return false;
    const { text, place, isName } = segment;
    if (piece.kind !== 'literal') {
      if (isName) return false;
    } else if (text !== undefined && !mayMeanTheSame(piece.text, text, place === 'parameter')) return false;
  }
  return segments.length === pieces.length;
}

/**
 * Looks for a slip in the path of a `deny` rule. In an `allow` rule it would grant nothing, which is soon noticed.
 * @returns what is wrong, which quotes nothing; empty if the table does not know the path, undefined if it does
 */
export function slipIn({ pieces }: Rule): string | undefined {
  let nodes = [root()];
  for (const piece of pieces) {
    if (piece.kind === 'rest') break;
    const name = piece.kind === 'literal' ? piece.text : undefined;
    const next = nodes.flatMap(({ literals, parameter }): Node | Node[] => {
      const byParameter = parameter !== undefined && (name === undefined || fits(parameter.name, name));
      const own = byParameter ? [parameter.node] : [];
      return name === undefined ? [...literals.values(), ...own] : (literals.get(canonicalName(name)) ?? own);
    });
    if (next.length === 0) {
      // The table has no rows below a guarded name.
      if (nodes.some(({ needsExplicitAllow }) => needsExplicitAllow)) break;
      const known = nodes.flatMap(({ literals }) => [...literals.keys()]);
      // Short names of Sentry's are near to each other.
      const meant = name && suggestion(name, known, Math.min(3, (name.length + 1) / 3));
      return meant && `has a name that Sentry does not have there${meant}`;
    }
    nodes = next;
  }
  return undefined;
}

/** Whether a rule covers all that is below its path. */
export const endsInRest = (rule: Rule): boolean => rule.pieces.at(-1)?.kind === 'rest';

/** Whether a rule names one path, with parameters at most: the operator decided on this path, and on no other. */
export const isSpelledOut = (rule: Rule): boolean =>
  rule.pieces.every(({ kind }) => kind === 'literal' || kind === 'parameter');

/**
 * Whether a rule names a path without an organization that a limited client can have: it holds nothing of an
 * organization, or can be limited to the client's.
 */
export function isHeldWithoutOrganization({ method, text }: Rule): boolean {
  const path = text.slice(text.indexOf(' ') + 1);
  const named = Object.entries(endpointsAt(path)).filter(([own]) => method === '*' || method === own);
  const isHeld = path === '/api/0/projects/' || path.startsWith('/api/0/issues/');
  return named.length > 0 && (isHeld || named.every(([, { projects }]) => projects === 'none'));
}

/**
 * The rule that would grant a request. It quotes nothing of the request but names that Sentry may have in that place:
 * letters and dashes.
 */
export function ruleTextFor(method: string, { segments, names }: Target, { template, places }: RouteMatch): string {
  if (template !== undefined) return `${method} ${template}`;
  const known = names.length > 0 ? organizationNames(names[0]!) : [];
  let isNameBefore = false;
  const texts = segments.map(({ text }, index) => {
    // After a name that the table lacks an id may follow.
    const isUnknown = places[index] === 'unknown' && !isNameBefore && /^[a-z][a-z-]{0,40}$/.test(text);
    isNameBefore = isUnknown;
    const isName = places[index] === 'literal' || isUnknown;
    return text === '' || isName ? text : (known[index - API_PREFIX.length] ?? '{id}');
  });
  return `${method} /${texts.join('/')}`;
}

/** The parameters that follow the first name of a path. */
const organizationNames = (first: string): readonly (string | undefined)[] =>
  ({
    organizations: [undefined, '{org}'],
    projects: [undefined, '{org}', '{project}'],
    teams: [undefined, '{org}', '{team}'],
  })[first] ?? [];

/** The organization in the rule's path to compare with the limits, as it is written: a name, `{org}` or `*`. */
export function organizationOf({ text }: Rule): string | undefined {
  // projects/{org} alone is not a path of Sentry.
  const match = /^\S+ \/api\/0\/(?:organizations\/(?!\*\*)([^/]+)|(?:projects|teams)\/([^/]+)\/)/.exec(text);
  return match?.[1] ?? match?.[2];
}

export const coversMethod = (rule: Rule, method: string): boolean =>
  rule.method === '*' || rule.method === method || (rule.method === 'GET' && method === 'HEAD');

function fitsRule(name: string, text: string): boolean {
  if (name !== 'project:event_id') return KNOWN_PARAMETERS.has(name) ? fits(name, text) : true;
  const [project = '', eventId = '', more] = text.split(':');
  return more === undefined && fits('project', project) && fits('event_id', eventId);
}

/** Parameters whose pattern holds in a rule as well; a rule may call others as it likes. */
const KNOWN_PARAMETERS: ReadonlySet<string> = new Set(['org', 'project', 'team', 'issue_id', 'event_id', 'member_id']);

const isEmpty = (piece: Piece): boolean => piece.kind === 'literal' && piece.text === '';
