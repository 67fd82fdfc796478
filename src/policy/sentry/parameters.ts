/** Numbers, hexadecimal ids and UUIDs. */
const ID = /^[0-9A-Fa-f-]{1,36}$/;
const WORD = /^[A-Za-z0-9_-]{1,255}$/;
/** Written by users, so nearly anything; segments that are dangerous in a path were refused before. */
const TEXT = /^.{1,255}$/u;

/**
 * An organization, project or team: its slug, or its numeric id without leading zeros. ASCII alone: Python's isdecimal()
 * takes the digits of every script, and int() reads them. Slugs of older versions of Sentry have capitals.
 */
export const SLUG_OR_ID = /^(?!0|[0-9]{20})[0-9]+$|^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/**
 * A project in a query or a body. Python's int() reads `1_2` as 12 there, and `-1` and `$all` would be all projects.
 */
export const isProjectValue = (text: string): boolean => SLUG_OR_ID.test(text) && !/^[0-9]+_[0-9_]*$/.test(text);

/** An issue's short id: the slug of its project, `-`, and a number in base 32. */
const SHORT_ID = /^([A-Za-z0-9_-]+)-[0-9A-Za-z]+$/;

/** The form of each parameter, by name. A segment that does not fit is not a parameter: Sentry may have a name there. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  org: SLUG_OR_ID,
  project: SLUG_OR_ID,
  // SCIM writes a team's number here.
  team: SLUG_OR_ID,
  issue_id: /^[0-9]{1,19}$|^(?![0-9]+-)[A-Za-z0-9_-]{1,100}-[0-9A-Za-z]{1,20}$/,
  event_id: /^[0-9A-Fa-f-]{1,36}$|^(?:latest|oldest|recommended)$/,
  // `me` is the user of the request.
  member_id: /^[0-9]{1,19}$|^me$/,
  dashboard_id: /^[0-9]{1,19}$|^default-overview$/,
  version: TEXT,
  environment: TEXT,
  key: TEXT,
  image_identifier: TEXT,
  // Inbound filters have names: browser-extensions, legacy-browsers.
  filter_id: WORD,
  plugin_id: WORD,
  monitor_id_or_slug: WORD,
  sentry_app_id_or_slug: WORD,
  conversation_id: WORD,
  // A number, or base64 of the name of a file in an archive.
  file_id: /^[A-Za-z0-9_=-]{1,255}$/,
};

/** Whether a decoded segment can be the parameter of that name. A parameter without a pattern is a number or hex. */
export const fits = (name: string, text: string): boolean =>
  (Object.hasOwn(PATTERNS, name) ? PATTERNS[name]! : ID).test(text);

/**
 * Whether a segment can be a name of Sentry's that the table lacks. Nothing that Python's int() or uuid.UUID() reads is one:
 * they know signs, blanks, underscores and the digits of every script.
 */
export const isName = (text: string): boolean => /^(?=.*[g-z])[a-z][a-z0-9._-]*$/i.test(text);

/** Whether a segment is written as a number, which Sentry takes for an id. */
export const isNumber = (text: string): boolean => /^[0-9]+$/.test(text);

/** The slug of the project that a short id names; undefined if it is a number. Sentry compares in lower case. */
export const projectOfShortId = (issueId: string): string | undefined => SHORT_ID.exec(issueId)?.[1]?.toLowerCase();

/**
 * Whether Python's uuid.UUID() takes a text, by which Sentry finds an event of any project: it drops `urn:`, `uuid:`,
 * braces and dashes, and reads what is left with int(text, 16), which knows a sign, `0x`, underscores, blanks around it
 * and the digits of every script. In doubt it does.
 */
export const isEventId = (text: string): boolean =>
  [text, text.replace(BLANKS_AROUND, '')].some((variant) =>
    LIKE_HEX.test(variant.replaceAll(/urn:/gi, '').replaceAll(/uuid:/gi, '').replaceAll(/[{}-]/g, '')),
  );

/** Characters that Python treats as blanks; JavaScript treats fewer so. */
const BLANK = '\\s\\x1c-\\x1f\\x85';
const BLANKS_AROUND = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, 'g');
const LIKE_HEX = new RegExp(`^[\\p{Nd}a-f_x+${BLANK}]{32}$`, 'iu');

/**
 * Whether the name of a parameter looks as if it selected a thing by its id, or widened what is read. For clients that
 * are limited to projects, such a parameter is refused unless the row says that Sentry limits it to the project.
 */
export const selects = (name: string): boolean => {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return SELECTING.has(plain) || /ids?$|slugs?$|^project/.test(plain);
};

const SELECTING: ReadonlySet<string> = new Set([
  'shortidlookup', // a hit by short id is shown for all projects
  'options', // options of projects, passwords among them
  'group', // an issue by its id
  'groups',
  'issue',
  'issues',
  'savedsearch', // takes the query from a stored search
  'search',
  'view', // takes the query from a stored view
  'detector',
  'detectors',
  'workflow',
  'workflows',
  'monitor',
  'monitors',
  'rule',
  'alertrule',
  'team',
  'allprojects',
  'superuser',
]);
