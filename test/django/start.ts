// A stand-in for Sentry that is read by what reads requests for the real one: Django and Django REST framework behind
// uWSGI and nginx, from Debian's packages, configured as self-hosted Sentry configures them.
import { execFile } from 'node:child_process';
import { chmod, open, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import {
  installedProgram,
  removeFolder,
  type Service,
  serviceFolder,
  startService,
} from '../support/system-service.ts';

/** Debian's Python, for which its Django is made; another one may come first in PATH. */
const PYTHON = '/usr/bin/python3';

/** What Django understood of a request. */
export interface Understood {
  /** The path of the route as the endpoints' list has it. */
  template: string;
  method: string;
  /** The route's parameters, decoded. */
  kwargs: Record<string, string>;
  query?: Record<string, string[]>;
  /** Which projects Sentry reads by that query. */
  projects?: 'all' | (string | number)[];
  /** Whether the query searches for the id of an event, which Sentry finds in any project. */
  namesEvent?: boolean;
  /** Why the query was not read: a view that reads it fails. */
  queryProblem?: string;
  data?: unknown;
  /** Which projects a serializer reads in the body, by the body's key. */
  bodyProjects?: Record<string, unknown[]>;
  /** The same of the body. */
  bodyProblem?: string;
}

/** A request that came to uWSGI's application. */
export interface Arrival {
  status: number;
  requestMethod: string;
  path: string;
  queryString: string;
  contentType: string;
  contentLength: string;
  /** The environment's HTTP_* names. */
  fields: Record<string, string>;
  /** Null where no route matched. */
  understood: Understood | null;
}

/** The three ways in; `router` and `socket` are uWSGI without nginx, with its HTTP router and without. */
export type Front = 'nginx' | 'router' | 'socket';

export interface SentryStandIn {
  urls: Record<Front, string>;
  /** The requests that came since the last call. */
  arrivals(): Promise<Arrival[]>;
  stop(): Promise<void>;
}

/** The Debian packages that are missing here; none if the stand-in can start. */
export async function missingPackages(): Promise<string[]> {
  const canImport = (module: string) =>
    promisify(execFile)(PYTHON, ['-c', `import ${module}`]).then(
      () => true,
      () => false,
    );
  const present = {
    'python3-django': await canImport('django'),
    'python3-djangorestframework': await canImport('rest_framework'),
    uwsgi: installedProgram('uwsgi') !== undefined,
    'uwsgi-plugin-python3': (await uwsgiPlugins()).includes('python3'),
    nginx: installedProgram('nginx') !== undefined,
  };
  return Object.entries(present).flatMap(([name, isThere]) => (isThere ? [] : [name]));
}

async function uwsgiPlugins(): Promise<string> {
  const uwsgi = installedProgram('uwsgi');
  if (uwsgi === undefined) return '';
  // It exits with an error if it cannot load the plugin.
  const loading = promisify(execFile)(uwsgi, ['--plugin', 'python3', '--version']);
  return loading.then(
    () => 'python3',
    () => '',
  );
}

/**
 * Starts the stand-in and waits until it answers.
 *
 * @param endpoints the path of the list of Sentry's endpoints.
 * @throws {Error} that names the packages that are missing.
 */
export async function startSentry(endpoints: string): Promise<SentryStandIn> {
  const missing = await missingPackages();
  if (missing.length > 0) throw new Error(`Packages are missing: apt-get install ${missing.join(' ')}`);
  const folder = await serviceFolder('django');
  const services: Service[] = [];
  const stop = async () => {
    const stopping = await Promise.allSettled(services.map((service) => service.stop()));
    await removeFolder(folder);
    for (const each of stopping) if (each.status === 'rejected') throw each.reason;
  };
  try {
    // nginx's workers run as another user if it is started by root.
    await chmod(folder, 0o755);
    const ports = { nginx: await freePort(), router: await freePort(), socket: await freePort() };
    const log = join(folder, 'arrivals.jsonl');
    await writeFile(log, '');
    services.push(await startUwsgi(folder, log, resolve(endpoints), ports));
    services.push(await startNginx(folder, ports));
    const read = reader(log);
    await read();
    const urlOf = (port: number) => `http://127.0.0.1:${port}`;
    const urls = { nginx: urlOf(ports.nginx), router: urlOf(ports.router), socket: urlOf(ports.socket) };
    return { urls, arrivals: read, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Ports = Record<Front, number>;

async function startUwsgi(folder: string, log: string, endpoints: string, ports: Ports): Promise<Service> {
  const socket = join(folder, 'uwsgi.socket');
  const options = [
    ...['--plugin', 'python3', '--plugin', 'http', '--master', '--die-on-term', '--need-app', '--disable-logging'],
    ...['--chdir', import.meta.dirname, '--module', 'standin.wsgi:application', '--single-interpreter'],
    ...['--processes', '2', '--threads', '4', '--enable-threads', '--thunder-lock', '--lazy-apps'],
    ...['--uwsgi-socket', socket, '--http', `127.0.0.1:${ports.router}`, '--http-to', socket],
    ...['--http-socket', `127.0.0.1:${ports.socket}`, '--http-chunked-input', '--http-keepalive=15'],
    ...['--so-keepalive', '--buffer-size', '32768', '--post-buffering', '65536', '--limit-post', '20971520'],
    ...['--ignore-sigpipe', '--ignore-write-errors', '--disable-write-exception'],
  ];
  const env = {
    DJANGO_SETTINGS_MODULE: 'standin.settings',
    SENTRY_ENDPOINTS: endpoints,
    STANDIN_LOG: log,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const isReady = async () => (await answers(ports.router)) && (await answers(ports.socket));
  return startService([installedProgram('uwsgi')!, ...options], isReady, env);
}

async function startNginx(folder: string, ports: Ports): Promise<Service> {
  const path = join(folder, 'nginx.conf');
  await writeFile(path, nginxConfig(folder, ports));
  const command = [installedProgram('nginx')!, '-p', folder, '-c', path, '-e', join(folder, 'nginx.log')];
  return startService(command, () => answers(ports.nginx));
}

// What of self-hosted Sentry's configuration decides which bytes come through. Relay's paths lead nowhere.
const nginxConfig = (folder: string, ports: Ports) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${folder}/client_body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_body_buffer_size 64k;
  client_max_body_size 100m;
  proxy_http_version 1.1;
  proxy_redirect off;
  proxy_buffer_size 128k;
  proxy_buffers 4 256k;
  proxy_busy_buffers_size 256k;
  proxy_set_header Connection '';
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Request-Id $request_id;
  upstream sentry { server 127.0.0.1:${ports.router}; keepalive 2; }
  server {
    listen 127.0.0.1:${ports.nginx};
    location /api/store/ { return 444; }
    location ~ ^/api/[1-9]\\d*/ { return 444; }
    location ^~ /api/0/relays/ { return 444; }
    location / { proxy_pass http://sentry; }
  }
}
`;

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/api/0/', agent: false, timeout: 1000 }, (response) => {
      resolve(response.statusCode === 200);
      response.resume();
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

/** Reads what was appended to a file of JSON lines since the last call. */
function reader(path: string): () => Promise<Arrival[]> {
  let position = 0;
  return async () => {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(size - position);
      await file.read(bytes, 0, bytes.length, position);
      const whole = bytes.lastIndexOf('\n') + 1;
      position += whole;
      return bytes
        .toString('utf8', 0, whole)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Arrival);
    } finally {
      await file.close();
    }
  };
}
