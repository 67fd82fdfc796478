// The proxies that are set side by side, each told to inject a token and to use a fresh connection on both sides.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { CertificateFiles } from './certificates.ts';
import type { Command } from './processes.ts';

export interface Contender {
  /** Of a peer: what `--peers` calls it. */
  key?: string;
  name: string;
  version: string;
  command(setting: Setting): Command;
}

/** What a contender is started with. */
export interface Setting {
  port: number;
  /** Sentry's base URI. */
  upstream: string;
  /** The paths of certificates made for this run: of an https upstream's authority, and to listen with. */
  ca?: string | undefined;
  listen?: CertificateFiles | undefined;
}

export const TOKEN = 'token-of-the-benchmark';
const ROOT = join(import.meta.dirname, '..');
/** The built proxy. */
export const PROXY = join(ROOT, packageJson.bin['sentry-api-proxy']);
const PEERS = join(import.meta.dirname, 'peers');

/** Where configurations and peers are put; it goes with this process. */
export const folder = mkdtempSync(join(tmpdir(), 'sentry-api-proxy-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

export function buildProxy(): void {
  execFileSync(process.execPath, ['build.ts'], { cwd: ROOT });
}

export const proxy = (name = 'sentry-api-proxy', args: readonly string[] = [], file = PROXY): Contender => ({
  name,
  version: `Node ${process.versions.node}`,
  command: ({ port, upstream, ca, listen }) => ({
    file: process.execPath,
    args: [
      ...[file, '--listen', `127.0.0.1:${port}`, '--sentry-uri', upstream, '--token', TOKEN],
      ...(ca === undefined ? [] : ['--sentry-ca', ca]),
      ...(listen === undefined ? [] : ['--tls-cert', listen.cert, '--tls-key', listen.key]),
      ...args,
    ],
  }),
});

/** Many clients' tokens are made of their numbers. */
const clientToken = (index: number): string => `client-${index}`.padEnd(40, '.');

/** Contenders that only one workload has, and what is sent to them. */
export interface OwnContenders {
  contenders: Contender[];
  field?: string;
  target?: string;
}

/** The listener of the library and the least that can be written, both on a server of node:http. */
export function listenerContenders(say: Say): OwnContenders {
  const listener: Contender = {
    name: 'createListener',
    version: `Node ${process.versions.node}`,
    command: ({ port, upstream }) => ({
      file: process.execPath,
      args: [join(import.meta.dirname, 'listener.ts'), `${port}`, upstream, TOKEN],
    }),
  };
  return { contenders: [listener, ...peers(['bare-node'], say), proxy()] };
}

/** The last of a thousand named clients: what it sends, and the proxy with and without a clients file. */
export function clientContenders(): OwnContenders {
  const count = 1000;
  const withClients = (name: string, reach: object): Contender => {
    const clients = Array.from({ length: count }, (_, index) => ({
      name: `client-${index}`,
      token: clientToken(index),
      scopes: ['org:read', 'project:read', 'event:read'],
      ...reach,
    }));
    const file = join(folder, `${name.replaceAll(' ', '-')}.json`);
    writeFileSync(file, JSON.stringify({ clients }));
    return proxy(name, ['--clients-file', file]);
  };
  return {
    field: `Authorization: Bearer ${clientToken(count - 1)}`,
    target: '/api/0/organizations/acme/issues/?query=is%3Aunresolved&statsPeriod=14d',
    contenders: [
      withClients('of an organization', { orgs: ['acme'] }),
      proxy('without clients'),
      withClients('of two projects', { projects: ['acme/11', 'acme/12'] }),
      withClients('with limits', { orgs: ['acme'], rate: '100000000/s', concurrency: 1000 }),
    ],
  };
}

/** Says why a peer is left out. */
export type Say = (text: string) => void;

/** Every peer that this machine has, or that npm can bring. */
export function peers(names: readonly string[], say: Say): Contender[] {
  const found = names.map((name) => {
    const contender = MAKERS[name]?.(say);
    if (contender === undefined) say(`left out: ${name}`);
    return contender && { ...contender, key: name };
  });
  return found.filter((contender) => contender !== undefined);
}

/** The peer that shows what Node itself costs: no proxy on Node can take less. */
export const FLOOR = 'node-floor';

const MAKERS: Record<string, (say: Say) => Contender | undefined> = {
  go: goProxy,
  [FLOOR]: nodeFloor,
  nginx,
  haproxy,
  httpxy: (say) => nodePeer('httpxy', 'httpxy', say),
  'bare-node': (say) => nodePeer('bare', 'bare-node', say),
  fastify: (say) => nodePeer('fastify', '@fastify/http-proxy', say),
};

export const PEER_NAMES = Object.keys(MAKERS);
/** Peers that are set up for TLS on both sides here. */
export const WITH_TLS_PEERS: readonly string[] = ['go', 'nginx', 'haproxy'];

/** What a program says of itself; undefined where there is none. */
function versionOf(file: string, args: readonly string[], pattern: RegExp): string | undefined {
  const { stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  return error === undefined ? pattern.exec(stdout + stderr)?.[1] : undefined;
}

function goProxy(): Contender | undefined {
  const version = versionOf('go', ['version'], /go([\d.]+)/);
  if (version === undefined) return undefined;
  const file = join(folder, 'go-peer');
  execFileSync('go', ['build', '-o', file, '.'], { cwd: join(PEERS, 'go') });
  return {
    name: 'Go ReverseProxy',
    version: `Go ${version}`,
    command: ({ port, upstream, ca, listen }) => ({
      file,
      args: [`127.0.0.1:${port}`, upstream, TOKEN, ...(listen === undefined ? [] : [listen.cert, listen.key])],
      env: ca === undefined ? {} : { SSL_CERT_FILE: ca },
    }),
  };
}

function nodeFloor(): Contender {
  return {
    name: 'relay on node:net',
    version: `Node ${process.versions.node}`,
    command: ({ port, upstream }) => ({
      file: process.execPath,
      args: [join(PEERS, 'floor.mjs'), `${port}`, upstream, TOKEN],
    }),
  };
}

function nginx(): Contender | undefined {
  const version = versionOf('nginx', ['-v'], /nginx\/([\d.]+)/);
  if (version === undefined) return undefined;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/nginx-${name};`)
    .join(' ');
  const configuration = ({ port, upstream, ca, listen }: Setting) => `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off; worker_processes auto; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
    events { worker_connections 4096; }
    http {
      access_log off; keepalive_timeout 0; client_max_body_size 0; ${temporary}
      server {
        listen 127.0.0.1:${port} ${listen === undefined ? '' : 'ssl'} backlog=4096;
        ${listen === undefined ? '' : `ssl_certificate ${listen.cert}; ssl_certificate_key ${listen.key}; ssl_session_cache shared:s:10m;`}
        location / {
          proxy_pass ${upstream};
          ${ca === undefined ? '' : `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${ca}; proxy_ssl_name localhost;`}
          proxy_http_version 1.1;
          proxy_set_header Connection close;
          proxy_set_header Authorization "Bearer ${TOKEN}";
          proxy_set_header Cookie "";
          proxy_set_header Accept-Encoding "";
          proxy_hide_header Set-Cookie;
          proxy_hide_header WWW-Authenticate;
        }
      }
    }`;
  return {
    name: 'nginx',
    version,
    command: (setting) => {
      const path = join(folder, 'nginx.conf');
      writeFileSync(path, configuration(setting));
      return { file: 'nginx', args: ['-c', path, '-e', join(folder, 'nginx.log')] };
    },
  };
}

function haproxy(): Contender | undefined {
  const version = versionOf('haproxy', ['-v'], /version ([\d.]+)/);
  if (version === undefined) return undefined;
  const configuration = ({ port, upstream, ca, listen }: Setting) => `
global
  tune.ssl.default-dh-param 2048
defaults
  mode http
  maxconn 4096
  timeout connect 5s
  timeout client 25s
  timeout server 25s
  option httpclose
frontend clients
  bind 127.0.0.1:${port} ${listen === undefined ? '' : `ssl crt ${listen.both}`}
  http-request set-header Authorization "Bearer ${TOKEN}"
  http-request del-header Cookie
  http-request del-header Accept-Encoding
  default_backend sentry
backend sentry
  http-response del-header Set-Cookie
  http-response del-header WWW-Authenticate
  server sentry ${new URL(upstream).host} ${ca === undefined ? '' : `ssl verify required ca-file ${ca} sni str(localhost) verifyhost localhost`}
`;
  return {
    name: 'HAProxy',
    version,
    command: (setting) => {
      const path = join(folder, 'haproxy.cfg');
      writeFileSync(path, configuration(setting));
      return { file: 'haproxy', args: ['-db', '-f', path] };
    },
  };
}

function nodePeer(name: string, packageName: string, say: Say): Contender | undefined {
  const home = installedPeers(say);
  if (home === undefined) return undefined;
  const manifest = join(home, 'node_modules', packageName, 'package.json');
  const isPackage = existsSync(manifest);
  return {
    name: packageName,
    version: isPackage ? JSON.parse(readFileSync(manifest, 'utf8')).version : `Node ${process.versions.node}`,
    command: ({ port, upstream, ca, listen }) => ({
      file: process.execPath,
      args: [join(home, 'peer.mjs'), name, `${port}`, upstream, TOKEN, listen?.cert ?? '', listen?.key ?? ''],
      env: ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca },
    }),
  };
}

/** Kept from one run to the next. */
function installedPeers(say: Say): string | undefined {
  const home = join(tmpdir(), 'sentry-api-proxy-bench-peers');
  cpSync(PEERS, home, { recursive: true });
  if (existsSync(join(home, 'node_modules/httpxy')) && existsSync(join(home, 'node_modules/fastify'))) return home;
  say('installing the peers from npm');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--silent'], { cwd: home });
  return status === 0 ? home : undefined;
}
