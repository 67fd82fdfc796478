import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { SETTINGS } from '../../adapters/node/config/settings.ts';
import { fieldValue } from '../support/message.ts';
import { get, makeFolder, startProxy } from '../support/operator.ts';
import { lineOf, tableUnder, text } from '../support/pages.ts';
import { answer, OK, Upstream } from '../support/upstream.ts';

const ROOT = new URL('../..', import.meta.url);

const docs = readdirSync(new URL('../../docs', import.meta.url))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

/** The anchors that GitHub makes of the headings of a page. */
const anchorsOf = (page: string): string[] =>
  [...page.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

/** The commands of the README's quick start. */
const quickStart = (): readonly string[] => {
  const [, section = ''] = text('README.md').split('### Run it as a program\n');
  return section.split('\n###', 1)[0]!.match(/(?<=^ {4}).+/gm) ?? [];
};

describe('the documentation', () => {
  for (const file of ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...docs]) {
    it(`links to files that exist: ${file}`, () => {
      const folder = new URL(`../../${file}`, import.meta.url);
      const page = text(file);
      for (const { 1: link, index } of page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        assert.ok(existsSync(new URL(link!, folder)), `${file}, line ${lineOf(page, index)}, links to ${link}`);
      }
    });

    it(`links to headings that exist: ${file}`, () => {
      const page = text(file);
      for (const { 1: link, 2: anchor = '', index } of page.matchAll(/\]\((?!https?:)([^)#]*\.md)?#([^)]+)\)/g)) {
        const target = link === undefined ? file : join(dirname(file), link);
        const where = `${file}, line ${lineOf(page, index)}, links to #${anchor} of ${target}`;
        assert.ok(anchorsOf(text(target)).includes(anchor), where);
      }
    });
  }

  it('maps every folder of code in CONTRIBUTING.md', () => {
    const files = globSync('*/**/*.ts', { cwd: ROOT, exclude: ['node_modules', 'dist'] });
    const folders = new Set(files.map((file) => file.split('/')[0]!));
    const [map = ''] = /(?<=^## The house\n\n)(?: {4}.*\n)+/m.exec(text('CONTRIBUTING.md')) ?? [];
    for (const folder of folders) assert.match(map, new RegExp(`(?:^|  )${folder}/`, 'm'), `${folder}/`);
  });

  it('names tests that exist for each guarantee of SECURITY.md', () => {
    const rows = tableUnder('SECURITY.md', '## Guarantees and their tests');
    for (const [guarantee, tests] of rows) {
      const files = [...tests!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
      assert.ok(files.length > 0, `no test of: ${guarantee}`);
      for (const file of files) {
        const found = globSync(file, { cwd: new URL('..', import.meta.url) });
        assert.ok(found.length > 0, `SECURITY.md names test/${file}`);
      }
    }
  });

  it('makes in the quick start of the README what its other commands name', async (t) => {
    const upstream = await Upstream.start();
    t.after(() => upstream.stop());
    const connections = upstream.play(answer(OK));
    const folder = makeFolder(t);
    const run = (command: string, input = '') =>
      execFileSync('sh', ['-c', command], { cwd: folder, input, encoding: 'utf8' });

    const lines = quickStart();
    const start = lines.findIndex((line) => line.startsWith('sentry-api-proxy '));
    run(lines.slice(2, start).join('\n'), 'token-of-the-quick-start\n');
    const [, ...args] = lines[start]!.replace('https://sentry.example', upstream.uri).split(' ');
    const proxy = await startProxy(args.map((arg) => arg.replace(/^\.\//, `${folder}/`)));
    t.after(() => proxy.stop());

    const curl = lines.find((line) => line.startsWith('curl '))!;
    const [, header] = /-H (".+?")/.exec(curl)!;
    const [, path] = /localhost:8080(\S+)/.exec(curl)!;
    const [name = '', value = ''] = run(`printf %s ${header}`).split(': ');
    assert.equal((await get(proxy, path!, { headers: { [name]: value } })).status, 200);
    assert.equal(fieldValue(connections[0]!.request!, 'Authorization'), 'Bearer token-of-the-quick-start');
  });

  it('names a command in the quick start that runs where the own Node is too old', (t) => {
    const folder = makeFolder(t);
    const dist = join(folder, 'dist');
    execFileSync(process.execPath, ['build.ts', dist], { cwd: ROOT });
    symlinkSync(new URL('node_modules', ROOT), join(folder, 'node_modules'));
    const [, alias] = quickStart();
    // An alias of a shell that is not interactive counts from the next line on.
    const script = `shopt -s expand_aliases\n${alias}\nsentry-api-proxy --version`;
    const env = { PATH: '/usr/bin:/bin' };
    assert.match(execFileSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8' }), /^sentry-api-proxy \d/);
  });

  it('has git ignore the files that its quick start writes into the copy', () => {
    const written = quickStart().flatMap((line) => /> (\S+)/.exec(line)?.[1] ?? []);
    assert.deepEqual(written, ['token', 'aliases']);
    const ignored = text('.gitignore').split('\n');
    for (const file of [...written, 'clients.json']) assert.ok(ignored.includes(`/${file}`), file);
  });

  it('describes every setting that the README names as one of the program', () => {
    const page = text('README.md');
    const named = [...page.matchAll(/`--([a-z-]+)/g)];
    assert.ok(named.length >= 4);
    const flags = new Set(SETTINGS.map(({ flag }) => flag));
    const commands = new Set(['as', 'probe', 'version', 'help', 'for']);
    for (const { 1: flag = '', index } of named) {
      assert.ok(flags.has(flag) || commands.has(flag), `README.md, line ${lineOf(page, index)}, names --${flag}`);
    }
  });
});
