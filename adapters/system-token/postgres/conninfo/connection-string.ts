import { nameOf, put, type Settings } from './settings.ts';

/** The settings of a URI, or of keywords and values; a text that is neither is a problem. */
export function parseText(text: string, problems: string[]): Settings {
  const uri = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text);
  if (uri) return parseUri(uri[1]!, problems);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    problems.push('a URI must start with postgresql:// or postgres://');
    return new Map();
  }
  return parseKeywords(text, problems);
}

/** libpq's conninfo_parse(): `key = value` or `key = 'value'`, where a backslash quotes the next character. */
function parseKeywords(text: string, problems: string[]): Settings {
  const settings: Settings = new Map();
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found) position = pattern.lastIndex;
    return found;
  };
  for (let number = 1; position < text.length; number++) {
    const key = match(/([^\s=]+)\s*=\s*/y)?.[1];
    if (key === undefined) {
      // The text there may be a piece of a password without its quotes.
      problems.push(`item ${number} is not key=value (a value with spaces needs single quotes)`);
      break;
    }
    const quoted = text[position] === "'";
    const value = match(quoted ? /'((?:[^'\\]|\\.)*)'\s*/sy : /((?:[^\s\\]|\\.)*)\\?\s*/sy)?.[1];
    if (value === undefined) {
      problems.push(`the quoted value of item ${number} has no end`);
      break;
    }
    put(settings, key, value.replace(/\\(.)/gs, '$1'));
  }
  return settings;
}

/**
 * libpq's conninfo_uri_parse(), https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS, and
 * additions of Go's net/url, which pgx used until 5.9: an `@` in the password, a `=` in a parameter's value.
 */
function parseUri(rest: string, problems: string[]): Settings {
  const settings: Settings = new Map();
  const set = (key: string, encoded: string): void => {
    const value = percentDecode(encoded.trim());
    if (value === undefined)
      problems.push(`${nameOf(key)} contains a % that is not followed by two hex digits (write %25)`);
    else put(settings, key, value);
  };

  const beforePath = rest.slice(0, indexOrEnd(rest, /\//));
  const beforeQuery = beforePath.slice(0, indexOrEnd(beforePath, /\?/));
  const at = beforeQuery.includes('@') ? beforeQuery.lastIndexOf('@') : beforePath.lastIndexOf('@');
  if (at >= 0) {
    const [, user, password] = /^([^:]*):?(.*)$/s.exec(rest.slice(0, at))!;
    if (user) set('user', user);
    if (password) set('password', password);
  }

  const afterUser = rest.slice(at + 1);
  const hostsEnd = indexOrEnd(afterUser, /[/?]/);
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const one of afterUser.slice(0, hostsEnd).split(',')) {
    const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(.*))?$/s.exec(one) ?? [];
    if (bracketed === undefined && name === undefined) {
      problems.push(
        'host is not a name, an IPv4 address or a bracketed IPv6 address (percent-encode / ? # @ in a password)',
      );
      return settings;
    }
    hosts.push(bracketed ?? name!);
    ports.push(port ?? '');
  }
  if (hosts.some((host) => host !== '')) set('host', hosts.join(','));
  if (ports.some((port) => port !== '') || hosts.length > 1) set('port', ports.join(','));

  const [, database, query] = /^\/?([^?]*)\??(.*)$/s.exec(afterUser.slice(hostsEnd))!;
  if (database) set('dbname', database);
  for (const parameter of query!.split('&')) {
    if (parameter === '') continue;
    const equals = parameter.indexOf('=');
    const key = percentDecode(parameter.slice(0, Math.max(equals, 0)));
    if (!key) problems.push('a query parameter is not key=value (percent-encode & in a value)');
    else set(key, parameter.slice(equals + 1));
  }
  return settings;
}

function indexOrEnd(text: string, pattern: RegExp): number {
  const index = text.search(pattern);
  return index < 0 ? text.length : index;
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
