import { readBounded } from '../bodies/read-bounded.ts';
import type { Reservation } from '../bodies/types.ts';
import type { Body, IncomingRequest, Signal } from '../http/types.ts';
import { isObject } from '../json/members.ts';
import { parseStrictJson } from '../json/strict.ts';
import { type FieldLimits, type FieldRefusal, isHarmless, plainName, shownName } from '../policy/fields.ts';
import { isProjectValue } from '../policy/sentry/parameters.ts';

/** Projects that a body may name: more than any organization has is an attempt to keep the proxy busy. */
const MAX_PROJECTS = 1000;

/** The things that a body names. */
interface NamedInBody {
  /** By slug or id, each once. */
  readonly projects: ReadonlySet<string>;
  readonly releases: ReadonlySet<string>;
}

/**
 * Looks for keys that a client may not send, and for the projects and releases that a body names.
 * @param bytes of the whole body
 * @param required the key that has to name projects, one or a list
 */
export function checkBody(
  bytes: Uint8Array,
  limits: FieldLimits,
  required: string | undefined,
): NamedInBody | FieldRefusal {
  if (bytes.length === 0 && required === undefined) return { projects: new Set(), releases: new Set() };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bad('it is not UTF-8');
  }
  // JSON.parse refuses a byte order mark as well, but would not say so.
  if (text.startsWith('\ufeff')) return bad('it begins with a byte order mark');
  const json = parseStrictJson(text);
  if ('problem' in json) return bad(`it ${json.problem}`);
  const { value, fractions } = json;
  // A list of objects is examined entry by entry; what else there is has no keys that Sentry could read.
  if (!isObject(value) && (required !== undefined || !isListOfObjects(value))) return bad('it is not a JSON object');

  const reader = new BodyReader(limits, required, fractions);
  const problem = reader.read(value) ?? (required === undefined ? undefined : missing(value as object, required));
  if (problem !== undefined) return problem;
  const { projects, releases } = reader;
  // sentry-cli archives and restores a release with an empty list: then the release itself has to be the client's.
  if (required !== undefined && projects.size === 0 && releases.size === 0) return bad(`${required} is empty`);
  if (projects.size > MAX_PROJECTS) return bad(`it names more than ${MAX_PROJECTS} projects`);
  return { projects, releases };
}

/** Why the key that has to name projects does not. */
function missing(body: object, key: string): FieldRefusal | undefined {
  const hasTwin = Object.keys(body).some((name) => name !== key && plainName(name) === plainName(key));
  if (hasTwin) return bad(`it has ${key} in another spelling`);
  if (!Object.hasOwn(body, key)) return bad(`it lacks ${key}`);
  const named = (body as Record<string, unknown>)[key];
  if (named === null) return bad(`${key} is null`);
  return key.endsWith('s') === Array.isArray(named)
    ? undefined
    : bad(`${key} is ${Array.isArray(named) ? 'a' : 'not a'} list`);
}

/** Walks over all members of a body. */
class BodyReader {
  readonly projects = new Set<string>();
  readonly releases = new Set<string>();
  readonly #limits: FieldLimits;
  readonly #required: string | undefined;
  readonly #fractions: ReadonlySet<string>;
  /** All plain paths above one that is limited or listed. */
  readonly #parents = new Set<string>();

  constructor(limits: FieldLimits, required: string | undefined, fractions: ReadonlySet<string>) {
    this.#limits = limits;
    this.#required = required === undefined ? undefined : plainName(required);
    this.#fractions = fractions;
    for (const path of [...limits.keys.keys(), ...(limits.only ?? [])])
      for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1))
        this.#parents.add(path.slice(0, dot));
  }

  read(value: unknown, above = '', isListed = false, topKey?: string): FieldRefusal | undefined {
    if (Array.isArray(value)) {
      for (const entry of value) {
        const problem = this.read(entry, above, isListed, topKey);
        if (problem !== undefined) return problem;
      }
      return undefined;
    }
    if (!isObject(value)) return undefined;
    for (const [name, member] of Object.entries(value)) {
      const path = above + plainName(name);
      const problem =
        this.#problemWith(path, name, member, isListed, topKey ?? name) ??
        (this.#parents.has(path)
          ? this.read(member, `${path}.`, isListed || this.#isWhole(path), topKey ?? name)
          : undefined);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #problemWith(
    path: string,
    name: string,
    value: unknown,
    isListed: boolean,
    topKey: string,
  ): FieldRefusal | undefined {
    const { keys, only } = this.#limits;
    const limit = path === this.#required ? NAMES_PROJECTS : keys.get(path);
    if (limit === undefined) {
      const isKnown = only === undefined || isListed || only.has(path) || this.#isAboveListed(path);
      return isKnown ? undefined : bad(`a client that is limited to projects may not send ${shownName(name)} in it`);
    }
    if (limit.kind === 'passes' || isHarmless(value, limit.unless)) return undefined;
    if (limit.kind === 'refused') return limit.refusal;
    if (this.#fractions.has(topKey)) return NO_PROJECT;
    return limit.kind === 'projects' ? this.#addProjects(value) : this.#addRelease(value, name);
  }

  /** Whether everything below a path may be sent, except for limited keys. */
  #isWhole(path: string): boolean {
    return this.#limits.only?.has(path) === true || this.#limits.keys.get(path)?.kind === 'passes';
  }

  #isAboveListed(path: string): boolean {
    return this.#parents.has(path) && [...(this.#limits.only ?? [])].some((one) => one.startsWith(`${path}.`));
  }

  #addProjects(value: unknown): FieldRefusal | undefined {
    if (value === null) return undefined;
    for (const entry of Array.isArray(value) ? value : [value]) {
      const project = projectFrom(entry);
      if (project === undefined) return NO_PROJECT;
      this.projects.add(project);
    }
    return undefined;
  }

  #addRelease(value: unknown, name: string): FieldRefusal | undefined {
    if (!isVersion(value)) return bad(`${shownName(name)} is not a string that Sentry uses unchanged`);
    this.releases.add(value);
    return undefined;
  }
}

const NAMES_PROJECTS = { kind: 'projects', unless: [] } as const;

/** Sentry trims blanks off, so that another text would name the same release. */
const isVersion = (version: unknown): version is string =>
  typeof version === 'string' && version !== '' && !/^\s|\s$|[\x00-\x1f\x7f-\x9f]/.test(version);

const isListOfObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isObject);

function bad(problem: string): FieldRefusal {
  return { reason: 'body', text: `sent a body that is not accepted: ${problem}` };
}

const NO_PROJECT = bad('a project in it is neither a slug nor an id');

function projectFrom(entry: unknown): string | undefined {
  const isText = typeof entry === 'string' || (typeof entry === 'number' && Number.isSafeInteger(entry));
  return isText && isProjectValue(String(entry)) ? String(entry) : undefined;
}

/** The request's body, which a check may have read up to its limit. */
export class CheckedBody {
  readonly #signal: Signal;
  readonly #openReservation: () => Reservation;
  #body: Body | null;
  #reservation: Reservation | undefined;
  /** Bodies of other requests left no room for it. */
  isOverBudget = false;

  constructor({ body, signal }: IncomingRequest, openReservation: () => Reservation) {
    this.#body = body;
    this.#signal = signal;
    this.#openReservation = openReservation;
  }

  readonly read = async (limit: number): Promise<Uint8Array | undefined> => {
    if (this.#body === null) return new Uint8Array(0);
    this.#reservation = this.#openReservation();
    const reading = { reservation: this.#reservation, signal: this.#signal };
    const { bytes, body, isOverBudget } = await readBounded(this.#body, limit, reading);
    this.#body = body;
    this.isOverBudget = isOverBudget;
    return bytes;
  };

  /** The whole body, including the bytes that were already read; its reader counts them. */
  rest(): Body | null {
    this.#reservation?.close();
    return this.#body;
  }
}
