/**
 * The script of the status page: asks for `/status.json` and shows it. It is plain JavaScript for a browser. Values that
 * came from a client become text, never markup.
 */
export const SCRIPT = `
'use strict';
const EVERY = 2000;
const SVG = 'http://www.w3.org/2000/svg';
const byId = (id) => document.getElementById(id);

const element = (name, text = '', className = '') => {
  const made = document.createElement(name);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
};

const shape = (name, attributes) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const duration = (seconds) => {
  if (seconds === null) return '–';
  if (seconds < 120) return Math.round(seconds) + ' s';
  if (seconds < 7200) return Math.round(seconds / 60) + ' min';
  if (seconds < 172800) return Math.round(seconds / 3600) + ' h';
  return Math.round(seconds / 86400) + ' days';
};
const milliseconds = (value) => (value === null ? '–' : value < 1000 ? value + ' ms' : value / 1000 + ' s');
const clock = (time) => new Date(time).toLocaleTimeString();

const list = (id, pairs) => {
  byId(id).replaceChildren(...pairs.flatMap(([term, text]) => [element('dt', term), element('dd', String(text))]));
};

/** A table of rows of cells; a cell is a text, or an element. */
const table = (id, rows, emptyText) => {
  const isEmpty = rows.length === 0;
  byId(id).hidden = isEmpty;
  const none = byId(id + '-none');
  none.hidden = !isEmpty;
  none.textContent = emptyText;
  const made = rows.map((cells) => {
    const row = document.createElement('tr');
    row.append(...cells.map((cell) => (cell instanceof Node ? cell : element('td', String(cell)))));
    return row;
  });
  byId(id).querySelector('tbody').replaceChildren(...made);
};
const number = (value, className = '') =>
  element('td', value.toLocaleString(), value > 0 ? ('number ' + className).trim() : 'number');

const EXPIRY_CLASS = { no: '', soon: 'is-refused', expired: 'is-failed' };
const cellOf = (shown, cause) => {
  const cell = document.createElement('td');
  cell.append(shown, ...(cause ? [element('small', cause)] : []));
  return cell;
};
const code = (text, cause) => cellOf(element('code', text), cause);
const lastRequest = (row) => [
  clock(row.time),
  element('td', String(row.status), row.status >= 500 ? 'is-failed' : 'is-refused'),
  cellOf(row.error ?? '', row.cause),
  row.client ?? '(' + row.route + ')',
  code(row.method + ' ' + row.path),
  milliseconds(row.duration_ms),
  code(row.id),
];

/** Bars of what was good, refused and failed, on top of each other. */
const drawLoad = (minutes) => {
  const most = Math.max(1, ...minutes.map(({ requests }) => requests));
  const bars = minutes.flatMap(({ requests, refused, failed }, index) => {
    let y = 100;
    return [['load', requests - refused - failed], ['refused', refused], ['failed', failed]]
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => {
        const height = Math.max((count / most) * 100, 1);
        y -= height;
        return shape('rect', { x: index * 10 + 1, y, width: 8, height, class: kind });
      });
  });
  byId('load').replaceChildren(...bars);
  byId('load').setAttribute('aria-label', 'Requests in each of the last 60 minutes, ' + most + ' at most');
  byId('most').textContent = most + ' a minute at most';
};

/** A line for each share, with gaps where there were no requests. The scale is logarithmic. */
const drawLatency = (minutes) => {
  const known = minutes.map(({ p95_ms }) => p95_ms).filter((value) => value !== null);
  const top = Math.log10(Math.max(10, ...known));
  const line = (name, kind) => {
    let path = '';
    let isDrawing = false;
    minutes.forEach((minute, index) => {
      const value = minute[name];
      if (value !== null) {
        const y = 98 - (Math.log10(Math.max(1, value)) / top) * 94;
        const x = index * 10 + 5;
        path += (isDrawing ? 'L' : 'M' + (x - 3) + ' ' + y + 'L') + x + ' ' + y;
      }
      isDrawing = value !== null;
    });
    return shape('path', { d: path, class: kind });
  };
  byId('latency').replaceChildren(line('p95_ms', 'tail'), line('p50_ms', 'median'));
};

const show = (status) => {
  const { token, last_hour: hour } = status;
  const state = byId('state');
  state.textContent = status.state;
  state.className = status.state === 'ready' ? 'state good' : 'state';
  document.title = (status.state === 'ready' ? '' : status.state + ' · ') + 'sentry-api-proxy';
  byId('about').textContent = 'version ' + status.version + ', Node ' + status.node + ', up ' + duration(status.uptime_s);
  byId('updated').textContent = 'as of ' + clock(status.time);

  const { renewals, last_renewal: last } = token;
  list('token', [
    ['kind', token.kind],
    ['state', token.state],
    ['age', duration(token.age_s)],
    ['fingerprint', token.fingerprint ?? '–'],
    ['reads', renewals.changed + ' changed, ' + renewals.unchanged + ' unchanged, ' + renewals.failed + ' failed'],
    ...(last === null ? [] : [['last read', clock(last.time) + ', ' + last.cause + ', ' + last.result]]),
    ...(last?.reason ? [['reason', last.reason]] : []),
  ]);
  list('numbers', [
    ['in flight', status.in_flight],
    ['requests', hour.requests.toLocaleString()],
    ['failed', hour.failed.toLocaleString()],
    ['refused', hour.refused.toLocaleString()],
  ]);
  const { p50, p95, p99 } = hour.latency_ms;
  list('latencies', [['half within', milliseconds(p50)], ['95 % within', milliseconds(p95)], ['99 % within', milliseconds(p99)]]);
  drawLoad(hour.minutes);
  drawLatency(hour.minutes);

  byId('tokens-section').hidden = status.tokens.length === 0;
  table(
    'tokens',
    status.tokens.map((row) => [
      row.name,
      element('td', row.state, row.state === 'held' ? '' : 'is-failed'),
      row.organizations,
      row.scopes,
      row.fingerprint ?? '–',
    ]),
    'None.',
  );
  table(
    'clients',
    status.clients.map((row) => [
      row.client,
      row.mode ?? '–',
      element('td', (row.expires ?? '–') + (row.expiry === 'no' ? '' : ' ' + row.expiry), EXPIRY_CLASS[row.expiry]),
      number(row.per_minute),
      number(row.requests),
      number(row.failed, 'is-failed'),
      number(row.refused, 'is-refused'),
      number(row.observed),
    ]),
    'No requests in the last hour.',
  );
  byId('of-issuers').hidden = status.issuers.length === 0;
  table(
    'issuers',
    status.issuers.map((row) => [
      row.issuer,
      number(row.keys),
      element('td', row.age_s === null ? '–' : duration(row.age_s) + ' ago', 'number'),
      element('td', row.state, row.state === 'ok' ? '' : 'is-failed'),
    ]),
    'None.',
  );
  table('reasons', status.reasons.map(({ reason, count }) => [reason, number(count)]), 'None.');
  table(
    'refusals',
    status.refusals.map((row) => [
      row.client,
      code(row.request ?? '–', row.cause),
      row.reason,
      row.mode === 'observe' ? 'would be refused' : 'refused',
      number(row.count, row.mode === 'observe' ? '' : 'is-refused'),
    ]),
    'None.',
  );
  table('failures', status.failures.map(lastRequest), 'None since the start.');
  table('last-refusals', status.last_refusals.map(lastRequest), 'None since the start.');
};

const refresh = async () => {
  if (!document.hidden) {
    try {
      const response = await fetch('/status.json', { signal: AbortSignal.timeout(5000) });
      if (!response.ok) throw new Error(String(response.status));
      show(await response.json());
      byId('silence').hidden = true;
    } catch {
      byId('silence').hidden = false;
      byId('state').textContent = 'no answer';
      byId('state').className = 'state';
    }
  }
  setTimeout(refresh, EVERY);
};
refresh();
`;
