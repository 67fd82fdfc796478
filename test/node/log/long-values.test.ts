// Values of any length in the log: what a client writes must not drive all other lines out of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cutFields } from '../../../adapters/node/log/cut.ts';
import { suggest } from '../../../adapters/node/suggest/suggest.ts';
import { startChild } from '../../support/child-process.ts';
import { COMPILE_CACHE, eventually, get, makeFolder } from '../../support/operator.ts';
import { PROGRAM } from '../../support/proxy-process.ts';
import { Upstream } from '../../support/upstream.ts';

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

async function isListening(path: string): Promise<boolean> {
  const socket = connect(path);
  return once(socket, 'connect').then(
    () => Boolean(socket.destroy()),
    () => false,
  );
}

const manyOf = (character: string): string => `/api/0/${character.repeat(16_000)}`;
/** Requests with long parts, and the beginning of each in the log. */
const REQUESTS = [
  [manyOf('a'), 'GET', /\/api\/0\/a{505}…\[\+15495\]/],
  [manyOf('"'), 'GET', /\/api\/0\/(?:\\"){505}…\[\+15495\]/],
  [`/?${manyOf('k')}=v`, 'GET', /\/\?\/api\/0\/k{503}…\[\+15497\]/],
  ['/', 'M'.repeat(10_000), /M{20}…\[\+9980\]/],
] as const;

describe('a long value in the log', { concurrency: 2 }, () => {
  for (const format of ['json', 'text']) {
    it(`is cut, and marked where it was: ${format}`, async (t) => {
      const folder = makeFolder(t);
      const [socketPath, file] = [join(folder, 'socket'), join(folder, 'log')];
      const output = openSync(file, 'w');
      const settings = ['--token=x', '--sentry-uri', upstream.uri, `--listen=unix:${socketPath}`];
      const child = startChild(process.execPath, [PROGRAM, ...settings, `--log-format=${format}`], {
        cwd: folder,
        env: { PATH: process.env.PATH, ...COMPILE_CACHE },
        stdio: ['ignore', output, 'ignore'],
      });
      t.after(() => child.kill());
      closeSync(output);
      await eventually(() => isListening(socketPath), 'it listens');
      for (const [target, method] of REQUESTS) await get({ socketPath }, target, { method });
      const requests = () =>
        readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.includes('…'));
      await eventually(() => requests().length === REQUESTS.length, 'all are logged');
      for (const [index, [, , beginning]] of REQUESTS.entries()) {
        const line = requests()[index]!;
        assert.match(line, beginning);
        assert.ok(line.length < 2000, `${line.length} characters`);
      }
    });
  }

  it('is cut in every field, and one that is not too long stays as it is', () => {
    const fields = { cause: 'x'.repeat(5000), warning: 'y'.repeat(2048), status: 200, path: 'z'.repeat(512) };
    const { cause, ...others } = cutFields(fields);
    assert.equal(cause, `${'x'.repeat(2048)}…[+2952]`);
    assert.deepEqual(others, { warning: fields.warning, status: 200, path: fields.path });
  });

  it('is left out of what suggest makes of the log, which says so', async () => {
    const line = (path: string) =>
      JSON.stringify({
        ...cutFields({
          event: 'request',
          route: 'inject',
          attempts: 1,
          status: 200,
          client: 'robot',
          method: 'GET',
          path,
        }),
      });
    const lines = [
      line('/api/0/organizations/acme/issues/'),
      line(`/api/0/organizations/acme/members/${'x'.repeat(600)}`),
      line(`/api/0/organizations/acme/projects/?${'x'.repeat(600)}`),
    ];
    const { json, notes } = await suggest(
      (async function* () {
        yield* lines;
      })(),
    );
    const { scopes } = JSON.parse(json!).clients[0];
    assert.deepEqual(scopes, ['event:read']);
    assert.ok(notes.includes('left out 2 requests whose paths are longer than the log shows'), notes.join());
  });
});
