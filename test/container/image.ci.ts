// Builds deploy/Dockerfile and runs the image the way docs/deploy.md says. A step of .ci/run: it takes minutes.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { baseImagesOf, makeBuildImage, makeRuntimeImage } from './base-images.ts';
import { Engine, obstacle } from './engine.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCKERFILE = join(ROOT, 'deploy/Dockerfile');
const IMAGE = 'localhost/sentry-api-proxy:test';
const TOKEN = 'token-that-no-client-sees';

const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;
const missing = ['podman', 'runc'].filter((command) => !isInstalled(command));

describe('the container image', { skip: missing.length > 0 && `not installed: ${missing.join(', ')}` }, () => {
  let folder: string;
  let engine: Engine;
  let sentry: Server;
  let port: number;
  let reason: string | undefined;
  /** The credentials that Sentry saw, in order. */
  const seen: (string | undefined)[] = [];
  let release: (() => void) | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sentry-image-'));
    engine = new Engine(folder);
    const node = await node24(folder);
    const [buildImage, runtimeImage] = (await baseImagesOf(DOCKERFILE)) as [string, string];
    await makeRuntimeImage(engine, qualified(runtimeImage), folder, node);
    reason = await obstacle(engine, qualified(runtimeImage));
    if (reason !== undefined) return;
    await makeBuildImage(engine, qualified(buildImage), folder, node);
    const npmCache = await npmSetting('cache');
    await mkdir(npmCache, { recursive: true });
    const npmSettings = ['--volume', `${await npmrc(folder)}:/root/.npmrc:ro`, '--volume', `${npmCache}:/root/.npm`];
    await engine.buildFile(IMAGE, ROOT, DOCKERFILE, npmSettings);

    sentry = createServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url !== '/api/0/slow/') response.end('[]');
      else release = () => response.end('[]');
    }).listen(0, '127.0.0.1');
    await once(sentry, 'listening');

    const secrets = join(folder, 'secrets');
    await mkdir(secrets);
    await writeFile(join(secrets, 'token'), `${TOKEN}\n`, { mode: 0o644 });
    await writeFile(join(secrets, 'aliases'), 'first-alias-of-the-test\n', { mode: 0o644 });
    port = await freePort();
    const environment = {
      LISTEN: `127.0.0.1:${port}`,
      SENTRY_URI: `http://127.0.0.1:${(sentry.address() as AddressInfo).port}`,
      SENTRY_TOKEN_FILE: '/run/sentry/token',
      ALIAS_TOKENS_FILE: '/run/sentry/aliases',
      LOG_FORMAT: 'json',
    };
    const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    await engine.start('proxy', IMAGE, [...variables, '--volume', `${secrets}:/run/sentry:ro`]);
    await untilAnswered(port);
  });

  after(async () => {
    sentry?.close();
    await engine.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const needsContainers = (name: string, run: () => Promise<void>) =>
    it(name, (context) => {
      if (reason !== undefined) return context.skip(`this kernel runs no container here: ${reason}`);
      return run();
    });

  needsContainers('holds Node and the program, and no shell', async () => {
    assert.match(await engine.podman(['exec', 'proxy', '/nodejs/bin/node', '--version']), /^v24\./);
    await assert.rejects(engine.podman(['exec', 'proxy', '/bin/sh', '-c', 'true']));
  });

  needsContainers(
    'runs as another user than root, without a capability, on a root file system that is read-only',
    async () => {
      const script = `const fs = require('fs'); const status = fs.readFileSync('/proc/1/status', 'utf8');
      let error = ''; try { fs.writeFileSync('/app/x', '') } catch (e) { error = e.code }
      console.log(JSON.stringify({ uid: /^Uid:\\s+(\\d+)/m.exec(status)[1], caps: /^CapEff:\\s+(\\w+)/m.exec(status)[1],
        privileges: /^NoNewPrivs:\\s+(\\d)/m.exec(status)[1], error }))`;
      const { uid, caps, privileges, error } = JSON.parse(
        await engine.podman(['exec', 'proxy', '/nodejs/bin/node', '-e', script]),
      );
      assert.equal(uid, '65532');
      assert.equal(Number.parseInt(caps, 16), 0);
      assert.equal(privileges, '1');
      assert.equal(error, 'EROFS');
    },
  );

  needsContainers('injects the token for a client with an alias token', async () => {
    assert.equal((await ask(port, '/api/0/projects/', 'first-alias-of-the-test')).statusCode, 200);
    assert.equal(seen.at(-1), `Bearer ${TOKEN}`);
  });

  needsContainers('is healthy by its own health check', async () => {
    await engine.podman(['healthcheck', 'run', 'proxy']);
  });

  needsContainers('takes over a rotated alias token', async () => {
    const next = join(folder, 'secrets/next');
    await writeFile(next, 'second-alias-of-the-test\n');
    await rename(next, join(folder, 'secrets/aliases'));
    for (let tries = 0; seen.at(-1) !== 'Bearer first-alias-of-the-test'; tries++) {
      assert.ok(tries < 100, 'the removed alias token is still injected');
      await sleep(100);
      await ask(port, '/api/0/projects/', 'first-alias-of-the-test');
    }
    await ask(port, '/api/0/projects/', 'second-alias-of-the-test');
    assert.equal(seen.at(-1), `Bearer ${TOKEN}`);
  });

  needsContainers('answers the request in flight before it stops, with exit code 0', async () => {
    const answer = ask(port, '/api/0/slow/', 'second-alias-of-the-test');
    while (release === undefined) await sleep(20);
    await engine.podman(['kill', '--signal=TERM', 'proxy']);
    await sleep(300);
    release();
    assert.equal((await answer).statusCode, 200);
    assert.equal(await engine.podman(['wait', 'proxy']), '0');
  });

  needsContainers('shows no secret in its log or its settings', async () => {
    const log = await engine.podman(['logs', 'proxy']);
    assert.match(log, /"event":"stopped"/);
    assert.doesNotMatch(log, new RegExp(`${TOKEN}|alias-of-the-test`));
    assert.doesNotMatch(await engine.podman(['image', 'inspect', IMAGE]), new RegExp(TOKEN));
  });
});

/** podman takes a name without a registry for one of Docker's. */
const qualified = (image: string): string => (image.includes('.') ? image : `docker.io/library/${image}`);

/** The Node that the image's own tag names. */
async function node24(folder: string): Promise<string> {
  await promisify(execFile)('npm', ['install', '--silent', '--no-save', '--prefix', folder, 'node@24.9.0']);
  return join(folder, 'node_modules/node/bin/node');
}

const npmSetting = async (key: string): Promise<string> =>
  (await promisify(execFile)('npm', ['config', 'get', key])).stdout.trim();

/** npm's settings of this machine, which may name a registry and its own certificate authority. */
async function npmrc(folder: string): Promise<string> {
  const path = join(folder, 'npmrc');
  // The authorities that the stand-in image has from this machine, which may trust more than npm does by itself.
  const lines = [`registry=${await npmSetting('registry')}`, 'cafile=/etc/ssl/certs/ca-certificates.crt'];
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

async function ask(port: number, path: string, alias: string): Promise<IncomingMessage> {
  const request = get({ host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${alias}` }, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

async function untilAnswered(port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask(port, '/api/0/', 'nobody');
      return;
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(100);
    }
  }
}
