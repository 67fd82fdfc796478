// The recipes for Compose, Kubernetes and systemd: what in them has to fit together.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { text } from '../support/pages.ts';

/** The first group of a pattern in a file. */
function found(file: string, pattern: RegExp): string {
  const value = pattern.exec(text(file))?.[1];
  assert.ok(value !== undefined, `${file} has ${pattern}`);
  return value;
}

const seconds = (value: string): number => Number(/^(\d+)s?$/.exec(value)?.[1]);

/** Milliseconds that the proxy allows itself to write a last answer are well within this. */
const MARGIN = 5;
/** Seconds for which self-hosted's own nginx waits for Sentry. */
const NGINX = 90;

describe('the compose file', () => {
  const file = 'deploy/compose/docker-compose.override.yml';

  it('waits for Sentry as long as its nginx, and for requests in flight when it stops', () => {
    const write = seconds(found(file, /WRITE_TIMEOUT: (\S+)/));
    assert.equal(write, NGINX);
    assert.ok(seconds(found(file, /stop_grace_period: (\S+)/)) >= write + MARGIN);
  });

  it('writes no core dump, and serves /metrics under the name of the service', () => {
    assert.equal(found(file, /ulimits:\n +core: (\S+)/), '0');
    assert.equal(found(file, /ADMIN_ALLOWED_HOSTS: (\S+)/), found(file, /^services:\n {2}([\w-]+):/m));
  });
});

describe('the Kubernetes manifests', () => {
  const file = 'deploy/kubernetes/base/deployment.yaml';
  const variable = (name: string): string => found(file, new RegExp(`- name: ${name}\\n +value: "?([^"\\n]+)`));

  it('listen on all addresses of IPv6 and IPv4, on the ports that they name', () => {
    for (const [name, port] of [
      ['LISTEN', 'http'],
      ['ADMIN_LISTEN', 'admin'],
    ] as const) {
      const containerPort = found(file, new RegExp(`- name: ${port}\\n +containerPort: (\\d+)`));
      assert.equal(variable(name), `[::]:${containerPort}`);
    }
    assert.equal(found('deploy/kubernetes/base/service.yaml', /ipFamilyPolicy: (\w+)/), 'PreferDualStack');
  });

  it('wait for Sentry as long as its nginx, and for requests in flight when a pod stops', () => {
    const write = seconds(variable('WRITE_TIMEOUT'));
    assert.equal(write, NGINX);
    const grace = Number(found(file, /terminationGracePeriodSeconds: (\d+)/));
    assert.ok(grace >= seconds(variable('DRAIN_DELAY')) + write + MARGIN);
  });
});

for (const file of ['deploy/systemd/sentry-api-proxy.service', 'deploy/systemd/sentry-api-proxy@.service']) {
  describe(file, () => {
    it('waits for Sentry as long as its nginx, and for requests in flight when it stops', () => {
      const write = seconds(found(file, /^Environment=WRITE_TIMEOUT=(\S+)$/m));
      assert.equal(write, NGINX);
      assert.ok(Number(found(file, /^TimeoutStopSec=(\d+)$/m)) >= write + MARGIN);
    });

    it('has limits that fit each other: a quarter of the memory is 8 KiB for each descriptor', () => {
      const descriptors = Number(found(file, /^LimitNOFILE=(\d+)$/m));
      const mebibytes = Number(found(file, /^MemoryMax=(\d+)M$/m));
      assert.equal(descriptors * 8, (mebibytes * 1024) / 4);
    });

    it('writes no core dump', () => {
      assert.equal(found(file, /^LimitCORE=(\S+)$/m), '0');
    });
  });
}

describe('the release workflow', () => {
  const file = '.github/workflows/release.yml';
  /** The text of each job, by name. */
  const jobs = new Map(
    text(file)
      .split(/^jobs:$/m)[1]!
      .split(/^(?= {2}[\w-]+:$)/m)
      .map((job) => [/^ {2}([\w-]+):$/m.exec(job)?.[1] ?? '', job]),
  );
  const INSTALLS = /npm (?:ci|install|i|exec|run|pack)|npx |build-push-action/;

  it('runs nothing of a registry in a job that has the identity to publish or to sign', () => {
    const withIdentity = [...jobs].filter(([, job]) => /id-token: write/.test(job));
    assert.deepEqual(withIdentity.map(([name]) => name).sort(), ['npm', 'signature']);
    for (const [name, job] of withIdentity) assert.doesNotMatch(job, INSTALLS, name);
    assert.match(jobs.get('npm')!, /npm publish \S+\.tgz --ignore-scripts --provenance/);
    assert.match(jobs.get('package')!, /npm ci\n/);
  });

  it('lets no one write by default, and pins every image that it runs by digest', () => {
    assert.match(text(file), /^permissions: \{\}$/m);
    const images = [...text(file).matchAll(/^ +(?:image|driver-opts): (?:image=)?(\S+\/\S+)$/gm)].map(
      ([, image]) => image!,
    );
    assert.equal(images.length, 2);
    for (const image of images) assert.match(image, /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });
});
