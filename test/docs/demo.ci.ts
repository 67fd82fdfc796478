// The demonstration as a newcomer starts it.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { startChild } from '../support/child-process.ts';

const DEMO = join(import.meta.dirname, '../../demo/demo.ts');
const TIME_LIMIT = 60_000;

const startDemo = (flags: string[], environment: Record<string, string> = {}) =>
  startChild(process.execPath, [DEMO, ...flags], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_LIMIT,
  });

/** Everything it printed, once that matches. */
function printed(demo: ChildProcess, wanted: RegExp): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    demo.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (wanted.test(output)) resolve(output);
    });
    demo.once('close', () => reject(new Error(`The demonstration ended without printing ${wanted}:\n${output}`)));
  });
}

async function isAnswering(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

suite('npm run demo', { concurrency: true }, () => {
  test('with --once shows each step and ends with exit code 0, in any environment', async () => {
    const demo = startDemo(['--once'], { ALIAS_TOKENS: 'alias', SENTRY_TOKEN: 'static', PGHOST: 'nowhere.invalid' });
    const [output, errors, [code]] = await Promise.all([text(demo.stdout!), text(demo.stderr!), once(demo, 'close')]);
    assert.equal(code, 0, output + errors);

    const steps = output.split(/^\d\. /m).slice(1);
    const [without, rotated, upload, page, sentryCli, agent, release, job] = steps;
    assert.equal(steps.length, 8, output);
    assert.match(without!, /straight to Sentry +401 .+ through the proxy +200 [^\n]*Acme.+ ✓ /s);
    const healed = /through the proxy +200 .+ what Sentry received +401 +the old token\n +200 +the new token\n.* ✓ /s;
    assert.match(rotated!, healed);
    assert.match(upload!, healed);
    assert.match(upload!, /SHA-1 [0-9a-f]{40}\n/);
    assert.match(page!, /the next page is at http:\/\/127\.0\.0\.1:\d+\/api\/0\/.+ 25 more issues.+ ✓ /s);
    assert.match(sentryCli!, /POST \/api\/0\/organizations\/acme\/chunk-upload\/\n.+ ✓ /s);
    assert.match(agent!, / 200 +GET \/api\/0\/organizations\/acme\/issues\/\n +issues of checkout and storefront\n/);
    assert.match(agent!, / 403 +GET \S+\/courier-app\/issues\/\n +.+client triage-agent may not reach this project/);
    assert.match(agent!, / 403 +PUT \S+\n +.+client triage-agent needs the scope event:write for .+ ✓ /s);
    const chosen = /a list of issues +200 .+ straight to Sentry +404 .+ through the proxy +201 .+ ✓ /s;
    assert.match(release!, chosen);
    const known = /a job on main +200 .+ a job on a branch +401 .+ a fork +401 .+ a forged token +401 .+ ✓ /s;
    assert.match(job!, known);
    const received = /what Sentry received[\s\S]+/.exec(agent!)![0];
    assert.doesNotMatch(received, /courier-app|acme-labs|PUT/);
    assert.doesNotMatch(output, /\b[0-9a-f]{64}\b|✗/);

    for (const [url] of output.matchAll(/http:\/\/127\.0\.0\.1:\d+/g)) assert.equal(await isAnswering(url), false);
  });

  test('stays up with working examples until it is interrupted', async () => {
    const demo = startDemo([]);
    try {
      const output = await printed(demo, /Ctrl-C[^\n]*\n/);
      const [, proxyUrl, rotation] = /curl (http:\S+)\/api\/0\/organizations\/\n.+curl -X POST (\S+)\n/s.exec(output)!;
      const [, agentToken, agentUrl] = /curl -H 'Authorization: Bearer (\w+)' (http:\S+)/.exec(output)!;
      const refused = await fetch(agentUrl!, { headers: { Authorization: `Bearer ${agentToken}` } });
      assert.equal(refused.status, 403);

      const replayed = printed(demo, /"event":"request".*"status":200,"attempts":2/);
      const before = await fetch(`${proxyUrl}/api/0/organizations/`);
      await fetch(rotation!, { method: 'POST' });
      const after = await fetch(`${proxyUrl}/api/0/organizations/`);
      assert.deepEqual([before.status, after.status], [200, 200]);
      await replayed;

      demo.kill('SIGINT');
      const [code] = await once(demo, 'exit');
      assert.equal(code, 0);
      assert.equal(await isAnswering(proxyUrl!), false);
      assert.equal(await isAnswering(rotation!), false);
    } finally {
      demo.kill('SIGTERM');
    }
  });
});
