/** Numbers, hexadecimal ids and UUIDs. */
const ID = /^[0-9A-Fa-f-]{1,36}$/;
const WORD = /^[A-Za-z0-9_-]{1,255}$/;
/** Written by users, so nearly anything; whatever is dangerous in a path was refused before. */
const TEXT = /^.{1,255}$/u;

/**
 * An organization, project or team: its slug, or its numeric id without leading zeros. ASCII alone: Python's isdecimal()
 * takes the digits of every script, and int() reads them.
 */
export const SLUG_OR_ID = /^(?!0|[0-9]{20})[0-9]+$|^(?![0-9]+$)[a-z0-9][a-z0-9_-]{0,99}$/;

/**
 * A project in a query or a body. Python's int() reads `1_2` as 12 there, and `-1` and `$all` would be all projects.
 */
export const isProjectValue = (text: string): boolean => SLUG_OR_ID.test(text) && !/^[0-9]+_[0-9_]*$/.test(text);

/** An issue's short id: the slug of its project, `-`, and a number in base 32. */
const SHORT_ID = /^([A-Za-z0-9_-]+)-[0-9A-Za-z]+$/;

/** What a parameter may look like, by name. A segment that does not fit is no parameter: Sentry may have a name there. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  org: SLUG_OR_ID,
  project: SLUG_OR_ID,
  // SCIM writes a team's number here.
  team: SLUG_OR_ID,
  issue_id: /^[0-9]{1,19}$|^(?![0-9]+-)[A-Za-z0-9_-]{1,100}-[0-9A-Za-z]{1,20}$/,
  event_id: /^[0-9A-Fa-f-]{1,36}$|^(?:latest|oldest|recommended)$/,
  // `me` is whoever asks.
  member_id: /^[0-9]{1,19}$|^me$/,
  dashboard_id: /^[0-9]{1,19}$|^default-overview$/,
  version: TEXT,
  environment: TEXT,
  key: TEXT,
  image_identifier: TEXT,
  // Inbound filters have names: browser-extensions, legacy-browsers.
  filter_id: WORD,
  monitor_id_or_slug: WORD,
  sentry_app_id_or_slug: WORD,
  conversation_id: WORD,
  // A number, or base64 of the name of a file in an archive.
  file_id: /^[A-Za-z0-9_=-]{1,255}$/,
};

/** Whether a decoded segment can be the parameter of that name. What has no pattern of its own is a number or hex. */
export const fits = (name: string, text: string): boolean =>
  (Object.hasOwn(PATTERNS, name) ? PATTERNS[name]! : ID).test(text);

/** Whether a segment is written as a number, which Sentry takes for an id. */
export const isNumber = (text: string): boolean => /^[0-9]+$/.test(text);

/** The slug of the project that a short id names; undefined if it is a number. Sentry compares in lower case. */
export const projectOfShortId = (issueId: string): string | undefined => SHORT_ID.exec(issueId)?.[1]?.toLowerCase();
