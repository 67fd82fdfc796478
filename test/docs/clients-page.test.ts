// The pages about clients and the README show clients files and answers of `check --as`: each is tried here.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sha256 } from '../../adapters/node/clients/active-clients.ts';
import { loadClients } from '../../src/auth/client-registry.ts';
import type { Reason } from '../../src/policy/reasons.ts';
import { SCOPES, scopesOf } from '../../src/policy/sentry/scopes.ts';
import { runProxy } from '../support/operator.ts';
import { assertTable, lineOf, tableUnder, text } from '../support/pages.ts';

/** The fenced blocks of a language. */
const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map((match) => match[1]!);

/** A block as a clients file, with a digest in each place where the page has a word for one. */
function fileOf(block: string): string {
  let count = 0;
  const filled = block.replaceAll(/sha256:(?:<[^>]+>|…)/g, () => `sha256:${hash('sha256', String(++count), 'hex')}`);
  return 'clients' in JSON.parse(filled) ? filled : `{"clients":[${filled}]}`;
}

for (const page of ['docs/clients.md', 'docs/least-privilege.md', 'README.md']) {
  const files = blocks(text(page), 'json');
  describe(`the clients files of ${page}`, () => {
    it('are there', () => assert.ok(files.length > 0));
    for (const [index, block] of files.entries()) {
      it(`number ${index + 1} has nothing wrong with it`, async () => {
        const loaded = await loadClients(fileOf(block), [], sha256, Date.now());
        assert.deepEqual('problems' in loaded ? loaded.problems : [], []);
      });
    }
  });
}

/** An example of `check --as`, and what the page shows of its output. */
interface Example {
  readonly command: string;
  readonly output: string;
  /** What the page exports before it. */
  readonly env: Readonly<Record<string, string>>;
}

const examplesIn = (page: string): Example[] =>
  blocks(page, 'console').flatMap((block) => {
    const [exports = '', ...examples] = block.split(/^\$ sentry-api-proxy /m);
    const env = Object.fromEntries(
      [...exports.matchAll(/^\$ export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name!, value!]),
    );
    return examples.map((example) => {
      const end = example.indexOf('\n');
      return { command: example.slice(0, end), output: `${example.slice(end + 1).trim()}\n`, env };
    });
  });

for (const page of ['docs/clients.md', 'README.md']) {
  describe(`the examples of check --as in ${page}`, { concurrency: 2 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'clients-page-'));
    before(() => writeFileSync(join(folder, 'clients.json'), fileOf(blocks(text(page), 'json')[0]!)));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const examples = examplesIn(text(page));
    it('are there', () => assert.ok(examples.length > 0));
    for (const { command, output, env } of examples) {
      it(command, async () => {
        const { code, stdout, stderr } = await runProxy(command.split(' '), { env, folder });
        const index = text(page).indexOf(`$ sentry-api-proxy ${command}\n`);
        const where = `${page}, line ${lineOf(text(page), index)}, is out of date`;
        assert.deepEqual([stdout, stderr], [output, ''], where);
        assert.equal(code, output.startsWith('allowed') ? 0 : 1, where);
      });
    }
  });
}

describe('the tables of docs/clients-reference.md', () => {
  it('show every scope, and all that it implies', () => {
    const expected = SCOPES.map((scope) => [
      `\`${scope}\``,
      scopesOf(scope)!
        .slice(1)
        .map((other) => `\`${other}\``)
        .join(' '),
    ]);
    assertTable('docs/clients-reference.md', '## Scopes', expected);
  });

  it('show every reason of a refusal', () => {
    const reasons: Record<Reason | 'rate' | 'concurrency', true> = {
      ...{ expired: true, method: true, target: true, deny_rule: true, no_rule: true, scope: true, secret: true },
      ...{ organization: true, project: true, not_limitable: true, query: true, header: true, body: true },
      ...{ look_up_failed: true, rate: true, concurrency: true },
    };
    const shown = tableUnder('docs/clients-reference.md', '## Refusals').map(([, , reason]) =>
      reason!.replaceAll('`', ''),
    );
    const line = lineOf(text('docs/clients-reference.md'), text('docs/clients-reference.md').indexOf('## Refusals'));
    const where = `the table of docs/clients-reference.md, line ${line}, is out of date`;
    assert.deepEqual(shown.filter((reason) => reason !== '').sort(), Object.keys(reasons).sort(), where);
  });
});
