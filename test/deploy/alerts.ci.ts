// The alerts, as Prometheus itself reads and tests them. A step of .ci/run: that takes 20 s of one core.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';

const FOLDER = join(import.meta.dirname, '../../deploy/prometheus');

const isMissing = spawnSync('promtool', ['--version']).error !== undefined && !process.env.CI;
const skip = isMissing && 'promtool is not installed';

it('the alerts are accepted by promtool, and fire when they should', { skip }, () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}${error ?? ''}`);
  };
  run('check', 'rules', 'alerts.yml');
  run('test', 'rules', 'alerts.test.yml');
  run('check', 'config', '--syntax-only', 'scrape.example.yml');
});
