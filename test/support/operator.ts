// Tools of an operator: the admin listener, certificates, and folders like Kubernetes' own.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ListeningProxy, ProxyProcess, type Surroundings, startProxy } from './proxy-process.ts';

export { COMPILE_CACHE, runProxy, startProxy } from './proxy-process.ts';

export const spawnProxy = (args: readonly string[]): Promise<ProxyProcess> => ProxyProcess.spawn(args);

export type Place = { host: string; port: number } | { socketPath: string };

export interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface GetOptions {
  method?: string;
  headers?: Record<string, string>;
  /** Listened with TLS; the certificate is not verified. */
  isTls?: boolean;
  body?: string;
}

/** A request over its own connection. */
export function get(
  place: Place,
  path: string,
  { method = 'GET', headers = {}, isTls = false, body }: GetOptions = {},
): Promise<Got> {
  // A ListeningProxy is a place, too, and has more members than node:http should see.
  const to = 'socketPath' in place ? { socketPath: place.socketPath } : { host: place.host, port: place.port };
  return new Promise((resolve, reject) => {
    const options = { ...to, path, method, headers, agent: false, timeout: 10_000 };
    const request = isTls ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.end(body);
  });
}

export interface WatchedProxy {
  proxy: ListeningProxy;
  admin: { host: string; port: number };
}

/** A proxy with an admin listener, for as long as the test runs. */
export async function startWatched(
  t: Pick<TestContext, 'after'>,
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<WatchedProxy> {
  const proxy = await startProxy(['--admin-listen', '127.0.0.1:0', ...args], surroundings);
  t.after(() => proxy.stop());
  const { address } = await proxy.logged(({ event }) => event === 'admin');
  const { hostname, port } = new URL(String(address));
  return { proxy, admin: { host: hostname, port: Number(port) } };
}

/** Waits until it is so, for 10 s at most. */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Not within 10 s: ${what}`);
    await sleep(20);
  }
}

/** The samples of a metric in Prometheus' text format: the value by the labels as they are written. */
export function samplesOf(metrics: string, name: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const [, found, labels = '', value] = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found === name) samples.set(labels, Number(value));
  }
  return samples;
}

/** A folder for as long as the test runs. */
export function makeFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sentry-api-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Puts files into a folder as Kubernetes mounts a secret: each name is a symlink into `..data`, itself a symlink to a
 * folder with the content, which another one replaces by a rename.
 */
export function mountSecret(folder: string, files: Record<string, string>): void {
  const content = `..${process.hrtime.bigint()}`;
  mkdirSync(join(folder, content));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, content, name), text);
  symlinkSync(content, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  for (const name of Object.keys(files)) {
    try {
      symlinkSync(join('..data', name), join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** A self-signed certificate and its key, PEM, for this common name. */
export async function selfSigned(folder: string, name: string): Promise<{ cert: string; key: string }> {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.key];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, '-days', '2', ...subject, '-out', files.cert]);
  return files;
}
