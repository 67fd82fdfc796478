// Every file that operators deploy or read: the lockfile, Dockerfile, compose, Kubernetes, systemd, alerts, documents.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { SETTINGS } from '../../adapters/node/config/settings.ts';
import { readClients } from '../../src/clients/clients-file.ts';
import { ERRORS } from '../../src/http/errors.ts';
import { get, makeFolder, startWatched } from '../support/operator.ts';
import { lineOf } from '../support/pages.ts';
import { PROGRAM } from '../support/proxy-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const isCi = process.env.CI !== undefined;

/** Why a test can't run here; never so in CI, where what is missing has to be installed. */
const without = (program: string): { skip?: string } => {
  const isThere = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return isThere || isCi ? {} : { skip: `${program} is not installed` };
};

describe('the lockfile', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> };

  it('has the checksum of every package, without which npm would install anything that it gets', () => {
    const names = Object.keys(packages).filter((name) => name !== '');
    assert.ok(names.length > 100);
    for (const name of names) assert.match(String(packages[name]!.integrity), /^sha512-/, name);
  });

  it('names no registry, so that everybody uses their own', () => {
    for (const [name, entry] of Object.entries(packages)) assert.ok(!('resolved' in entry), name);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds.
type Yaml = any;

/** Bun brings a YAML parser, so that none is needed as a dependency. */
function readYaml(path: string): Yaml {
  const program = `process.stdout.write(JSON.stringify(Bun.YAML.parse(await Bun.file(process.argv[1]).text())))`;
  const bun = join(ROOT, 'node_modules/.bin/bun');
  return JSON.parse(execFileSync(bun, ['-e', program, join(ROOT, path)], { encoding: 'utf8' }));
}

/** The names of those keys that are not among these. */
const strange = (object: object, keys: string): string[] => {
  const known = new Set(keys.split(' '));
  return Object.keys(object).filter((key) => !known.has(key));
};

/** Runs `check` with these variables, the paths of a container replaced by those of files that are there. */
function checkVariables(t: { after(fn: () => void): void }, variables: Record<string, string>): void {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'alias-tokens'), '# grafana\nan-alias\n');
  writeFileSync(join(folder, 'token'), 'a-token\n');
  copyFileSync(join(ROOT, 'deploy/kubernetes/overlays/static-token/clients.json'), join(folder, 'clients.json'));
  writeFileSync(join(folder, 'pgx-conn'), 'postgres://reader:x@db:5432/sentry\n');
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    assert.ok(
      SETTINGS.some(({ variable }) => variable === name),
      `${name} is not a setting`,
    );
    env[name] = name.endsWith('_FILE') ? join(folder, value.split('/').at(-1)!) : value;
  }
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'check'], { cwd: folder, env, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

describe('the Dockerfile', () => {
  const dockerfile = read('deploy/Dockerfile').replace(/\\\n/g, ' ');
  const instructions = dockerfile.split('\n').filter((line) => /^[A-Z]/.test(line));
  const final = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM')));

  it('copies what is there and what .dockerignore lets through', () => {
    const ignored = read('.dockerignore').split('\n');
    assert.ok(ignored.includes('*'));
    for (const line of instructions) {
      const [, sources = ''] = /^COPY (?!--from)(.*) \S+$/.exec(line) ?? [];
      for (const source of sources.split(' ').filter(Boolean)) {
        assert.ok(existsSync(join(ROOT, source)), `${source} is there`);
        assert.ok(ignored.includes(`!${source}`), `${source} is let through`);
      }
    }
    const copied = new Set(instructions.join(' ').split(/\s+/));
    for (const line of ignored.filter((one) => one.startsWith('!'))) assert.ok(copied.has(line.slice(1)), line);
  });

  it('ends in an image without a shell: no RUN, exec forms, another user than root', () => {
    assert.match(final[0]!, /^FROM gcr\.io\/distroless\/nodejs\d+-debian\d+:nonroot$/);
    assert.ok(!final.some((line) => line.startsWith('RUN')));
    const exec = (name: string) => {
      const line = final.find((one) => one.startsWith(name)) ?? '';
      return JSON.parse(/\[.*\]$/.exec(line)?.[0] ?? 'null');
    };
    const program = ['/nodejs/bin/node', '/app/sentry-api-proxy.cjs'];
    assert.deepEqual(exec('ENTRYPOINT'), program);
    assert.deepEqual(exec('HEALTHCHECK'), [...program, 'healthcheck']);
    assert.ok(final.includes('USER 65532:65532'));
  });

  it('has a Node that the proxy runs on', () => {
    for (const [, major] of dockerfile.matchAll(/(?:FROM node:|nodejs)(\d+)-/g)) assert.ok(Number(major) >= 24);
  });
});

describe('the compose file', () => {
  const path = 'deploy/compose/docker-compose.override.yml';

  it('has settings that the proxy takes, and no rights that it does not need', (t) => {
    const { services, ...rest } = readYaml(path);
    assert.deepEqual(rest, {});
    const { 'sentry-api-proxy': service } = services;
    const known =
      'image restart environment volumes ports read_only user cap_drop security_opt mem_limit pids_limit stop_grace_period logging ulimits';
    assert.deepEqual(strange(service, known), []);
    const { read_only, user, cap_drop, security_opt } = service;
    assert.deepEqual([read_only, user, cap_drop], [true, '65532:65532', ['ALL']]);
    assert.deepEqual(security_opt, ['no-new-privileges:true']);
    checkVariables(t, service.environment);
    const [volume] = service.volumes;
    assert.equal(dirname(service.environment.ALIAS_TOKENS_FILE), volume.target);
    assert.equal(volume.read_only, true);
    const container = service.ports.map((port: string) => port.split(':').at(-1));
    const byDefault = SETTINGS.find(({ flag }) => flag === 'listen')!.default;
    assert.deepEqual(container, [byDefault.split(':').at(-1)], 'the admin listener is not published');
  });
});

describe('the Kubernetes manifests', () => {
  const manifest = (name: string) => readYaml(`deploy/kubernetes/base/${name}.yaml`);
  const label = { 'app.kubernetes.io/name': 'sentry-api-proxy' };

  it('are all named in the kustomization', () => {
    const files = readdirSync(join(ROOT, 'deploy/kubernetes/base'));
    const others = files.filter((file) => file !== 'kustomization.yaml');
    assert.deepEqual(manifest('kustomization').resources.sort(), others.sort());
  });

  it('run it without rights, twice, with probes on the admin port and its secrets as files', (t) => {
    const { apiVersion, kind, spec } = manifest('deployment');
    assert.deepEqual([apiVersion, kind], ['apps/v1', 'Deployment']);
    assert.deepEqual(strange(spec, 'replicas strategy selector template'), []);
    assert.ok(spec.replicas >= 2);
    assert.deepEqual(spec.selector.matchLabels, label);
    assert.deepEqual(spec.template.metadata.labels, label);
    const pod = spec.template.spec;
    const podKeys =
      'automountServiceAccountToken enableServiceLinks terminationGracePeriodSeconds securityContext topologySpreadConstraints containers volumes';
    assert.deepEqual(strange(pod, podKeys), []);
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
    const [container] = pod.containers;
    const keys = 'name image env ports livenessProbe readinessProbe resources securityContext volumeMounts';
    assert.deepEqual(strange(container, keys), []);
    const expected = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
    assert.deepEqual(container.securityContext, expected);
    assert.deepEqual(container.livenessProbe.httpGet, { path: '/livez', port: 'admin' });
    assert.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port: 'admin' });

    const env = Object.fromEntries(container.env.map(({ name, value }: Record<string, string>) => [name, value]));
    checkVariables(t, { ...env, SENTRY_TOKEN_FILE: '/run/secrets/sentry-api-proxy/token' });
    const port = (name: string) => container.ports.find((one: Yaml) => one.name === name).containerPort;
    assert.equal(env.ADMIN_LISTEN, '[::]:9464');
    assert.equal(spec.template.metadata.annotations['prometheus.io/port'], String(port('admin')));
    // Drain delay and write timeout have to fit into what Kubernetes waits.
    assert.ok(pod.terminationGracePeriodSeconds > Number.parseInt(env.DRAIN_DELAY, 10) + 25);

    const volumeOf = (path: string) => {
      const mount = container.volumeMounts.find(({ mountPath }: Yaml) => mountPath === dirname(path));
      return pod.volumes.find(({ name }: Yaml) => name === mount?.name);
    };
    assert.equal(volumeOf(env.CLIENTS_FILE).configMap.name, 'sentry-api-proxy-clients');
    for (const overlay of readdirSync(join(ROOT, 'deploy/kubernetes/overlays'))) {
      const folder = `deploy/kubernetes/overlays/${overlay}`;
      const secret = readYaml(`${folder}/secret.example.yaml`);
      const [{ name, value }] = readYaml(`${folder}/token.yaml`).spec.template.spec.containers[0].env;
      checkVariables(t, { ...env, [name]: value });
      assert.equal(volumeOf(value).secret.secretName, secret.metadata.name);
      assert.equal(volumeOf(value).secret.defaultMode, 0o440);
      assert.ok(value.split('/').at(-1)! in secret.stringData, `${value} is in the secret of ${overlay}`);
      assert.ok('clients' in readClients(read(folder, 'clients.json')), `${overlay} has a clients file that is right`);
    }
  });

  it('select its pods, and open the ports that it has', () => {
    const ports = manifest('deployment').spec.template.spec.containers[0].ports.map(({ name }: Yaml) => name);
    const service = manifest('service');
    assert.deepEqual([service.apiVersion, service.kind, service.spec.selector], ['v1', 'Service', label]);
    assert.deepEqual(service.spec.ports, [{ name: 'http', port: 80, targetPort: 'http' }]);
    const budget = manifest('poddisruptionbudget');
    assert.deepEqual([budget.apiVersion, budget.spec.selector.matchLabels], ['policy/v1', label]);
    const policy = manifest('networkpolicy');
    assert.equal(policy.apiVersion, 'networking.k8s.io/v1');
    assert.deepEqual(strange(policy.spec, 'podSelector policyTypes ingress egress'), []);
    assert.deepEqual(policy.spec.podSelector.matchLabels, label);
    for (const rule of policy.spec.ingress) for (const { port } of rule.ports) assert.ok(ports.includes(port), port);
  });
});

describe('the systemd units', () => {
  const names = ['sentry-api-proxy.service', 'sentry-api-proxy@.service'];
  const unit = (name: string) => read('deploy/systemd', name);

  it('differ in what they run alone', () => {
    const service = (name: string) =>
      unit(name)
        .replace(/^[\s\S]*(?=\[Service\])/, '')
        .replace(/^ExecStart=.*$/m, '');
    assert.equal(service(names[0]!), service(names[1]!));
  });

  it('run the proxy with flags that it has', () => {
    for (const name of names) {
      const [, flags = ''] = /^ExecStart=\/usr\/local\/bin\/sentry-api-proxy(.*)$/m.exec(unit(name)) ?? [];
      for (const [, flag] of flags.matchAll(/--([a-z-]+)/g))
        assert.ok(
          SETTINGS.some((one) => one.flag === flag),
          `--${flag}`,
        );
    }
  });

  it('are configured before they are enabled, and never start open to everyone', () => {
    for (const name of names) {
      assert.match(unit(name), /^Environment=LISTEN=127\.0\.0\.1:8080$/m);
      assert.match(unit(name), /^EnvironmentFile=\/etc/m, 'without the file it does not start');
    }
    const [recipe = ''] = /## systemd[\s\S]*?(?=\n## )/.exec(read('docs/deploy.md')) ?? [];
    const order = ['ALIAS_TOKENS_FILE=', 'check --probe', 'systemctl daemon-reload', 'systemctl enable --now'];
    const places = order.map((step) => recipe.indexOf(step));
    assert.ok(places[0]! > 0);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  });

  for (const name of names) {
    it(`pass systemd-analyze: ${name}`, without('systemd-analyze'), (t) => {
      const file = join(makeFolder(t), name.replace('@', '@9464'));
      // The program is not installed here.
      writeFileSync(file, unit(name).replace('/usr/local/bin/sentry-api-proxy', process.execPath));
      const run = (...args: string[]) => spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
      const verified = run('verify', '--man=no');
      assert.deepEqual([verified.status, verified.stderr], [0, '']);
      // 100 would not protect at all.
      const { status, stdout, stderr } = run('security', '--offline=true', '--threshold=20', '--no-pager');
      assert.equal(status, 0, stdout + stderr);
    });
  }
});

describe('alerts and dashboard', () => {
  it('ask for metrics that the proxy has, with labels that these have', async (t) => {
    const store = '--limit-store=redis://127.0.0.1:1';
    const { admin } = await startWatched(t, ['--token=x', '--sentry-uri=http://127.0.0.1:9', store]);
    const { text } = await get(admin, '/metrics');
    const names = new Set<string | undefined>(['up', 'process_max_fds']);
    for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      names.add(name);
      if (type === 'histogram') for (const part of ['bucket', 'sum', 'count']) names.add(`${name}_${part}`);
    }
    const dashboard = JSON.parse(read('deploy/grafana/dashboard.json'));
    const alerts = readYaml('deploy/prometheus/alerts.yml').groups[0].rules;
    const expressions: string[] = [
      ...alerts.map(({ expr }: { expr: string }) => expr),
      ...dashboard.panels.flatMap((panel: Yaml) => (panel.targets ?? []).map(({ expr }: { expr: string }) => expr)),
    ];
    assert.ok(expressions.length > 20);
    const labels = new Set(
      'job instance route status error cause result le client reason mode issuer request'.split(' '),
    );
    for (const expression of expressions) {
      const used = [...expression.matchAll(/\b((?:sentry_api_proxy|process|nodejs)_\w+|up)\b(?!")/g)];
      assert.ok(used.length > 0, expression);
      for (const [, name] of used) assert.ok(names.has(name), `${name} in ${expression}`);
      for (const [, label] of expression.matchAll(/[{,](\w+)(?:=|!=|=~|!~)"/g))
        assert.ok(labels.has(label!), `${label}`);
    }
    for (const error of expressions.join().matchAll(/error="([a-z_]+)"/g))
      assert.ok(error[1]! in ERRORS, `${error[1]}`);

    const operate = read('docs/operate.md');
    for (const { alert } of alerts)
      assert.ok(operate.includes(`\`${alert}\``), `docs/operate.md does not explain ${alert}`);
    for (const [, name] of text.matchAll(/^# TYPE (sentry_api_proxy_\S+) /gm)) {
      assert.ok(operate.includes(`\`${name}\``), `docs/operate.md does not explain ${name}`);
    }
  });

  it('has a separate place for each panel', () => {
    const { panels } = JSON.parse(read('deploy/grafana/dashboard.json'));
    const ids = panels.map(({ id }: { id: number }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { gridPos } of panels) assert.ok(gridPos.x + gridPos.w <= 24);
  });
});

describe('the workflows', () => {
  it('pin each action by commit, and say which version that is', () => {
    const files = readdirSync(join(ROOT, '.github/workflows'));
    const uses = files.flatMap((file) => read('.github/workflows', file).match(/uses:.*/g) ?? []);
    assert.ok(uses.length >= 2);
    for (const use of uses) assert.match(use, /^uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

describe('the documents', () => {
  it('name each error of the table', () => {
    const troubleshoot = read('docs/troubleshoot.md');
    for (const name of Object.keys(ERRORS))
      assert.ok(troubleshoot.includes(`\`${name}\``), `docs/troubleshoot.md does not explain ${name}`);
  });

  // Variables and settings of Sentry and of sentry-cli.
  const ofSentry = new Set(['SENTRY_OPTIONS', 'SENTRY_AUTH_TOKEN', 'SENTRY_URL', 'SENTRY_CONFIG_DIR']);

  it('name no path of the repository and no flag or variable that is not there', () => {
    for (const page of ['docs/deploy.md', 'docs/operate.md', 'docs/troubleshoot.md']) {
      const text = read(page);
      const names = (pattern: RegExp, isKnown: (name: string) => boolean) => {
        for (const { 1: name = '', index } of text.matchAll(pattern))
          assert.ok(isKnown(name), `${page}, line ${lineOf(text, index)}, names ${name}`);
      };
      names(/\b((?:deploy|docs|adapters|src)\/[\w@./-]*\w)/g, (path) => existsSync(join(ROOT, path)));
      names(/\]\((?!https?:)([^)#]+)/g, (path) => existsSync(join(ROOT, 'docs', path)));
      names(
        /`(?:--listen )?--([a-z-]+)/g,
        (flag) => SETTINGS.some((setting) => setting.flag === flag) || ['data-binary', 'url', 'sysctl'].includes(flag),
      );
      names(
        /\b((?:SENTRY|PGX|ALIAS|ADMIN|LOG|TLS|DRAIN|READ|WRITE|REPLAY|REUSE)_[A-Z_]+)\b/g,
        (variable) => SETTINGS.some((setting) => setting.variable === variable) || ofSentry.has(variable),
      );
    }
  });

  it('name each event and field of the log', () => {
    const operate = read('docs/operate.md');
    const files = ['run.ts', 'token/token-holder.ts', 'log/log.ts', 'log/log-request.ts', 'log/turned-away.ts'];
    const sources = files.map((file) => read('adapters/node', file)).join();
    const events = [...sources.matchAll(/, '([a-z]+)', \{/g)].map(([, event]) => event);
    assert.ok(new Set(events).size >= 10, events.join());
    for (const event of new Set(events))
      assert.ok(operate.includes(`| \`${event}\``), `docs/operate.md does not explain ${event}`);
  });
});
