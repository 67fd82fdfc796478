// What the policy does to the fields of requests and to the bodies of answers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFields, type Described, droppedFields } from '../../src/enforce/request-fields.ts';
import type { ResponseFilter } from '../../src/policy/decision.ts';
import { clientOf } from './examples.ts';
import { filtered } from './filtered.ts';

const CLIENT = clientOf({ scopes: ['org:ci'], orgs: ['acme'] });

const isRefused = (described: Partial<Described>): boolean =>
  checkFields(CLIENT, {
    method: 'POST',
    contentTypes: ['application/json'],
    contentEncoding: null,
    isBodyChecked: false,
    ...described,
  }) !== undefined;

describe("a named client's request", () => {
  it('goes without what overrides the method, and without Content-Type if it has no body', () => {
    assert.ok(droppedFields(true).includes('x-http-method-override'));
    assert.ok(!droppedFields(true).includes('content-type'));
    assert.ok(droppedFields(false).includes('x-http-method-override'));
    assert.ok(droppedFields(false).includes('content-type'));
  });

  it('may have no body with GET or HEAD', () => {
    assert.ok(isRefused({ method: 'GET' }));
    assert.ok(isRefused({ method: 'HEAD' }));
    assert.ok(!isRefused({ method: 'DELETE' }));
  });

  it('may have no charset but utf-8', () => {
    const type = (contentType: string) => isRefused({ contentTypes: [contentType] });
    for (const good of [
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'application/json; charset="utf-8"',
      'multipart/form-data; boundary=x',
      'text/plain',
      '',
    ]) {
      assert.ok(!type(good), good);
    }
    for (const bad of [
      'application/json; charset=utf-16',
      'application/json; charset=utf-7',
      'application/json; charset=utf-8; charset=utf-7',
      'application/json; charset=utf-7; charset=utf-8',
      'application/json; CHARSET=cp037',
      'application/json; charset =utf-8',
      "application/json; charset*=utf-8''utf-7",
      'a/b;charset="utf-16"',
      'a/b; charset=',
      'a/b; charset=unicode_escape',
      'application/json; charset=utf-8, a/b',
      'a/b\u00e9',
    ]) {
      assert.ok(type(bad), bad);
    }
    assert.ok(isRefused({ contentTypes: ['application/json', 'application/json'] }));
  });

  it('has a body of plain JSON where its projects are checked', () => {
    const checked = (described: Partial<Described>) => isRefused({ isBodyChecked: true, ...described });
    assert.ok(!checked({}));
    assert.ok(!checked({ contentTypes: ['Application/JSON; charset=utf-8'] }));
    for (const contentType of [
      '',
      'text/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '*/*',
      'application/*',
    ]) {
      assert.ok(checked({ contentTypes: [contentType] }), contentType);
    }
    assert.ok(checked({ contentTypes: [] }));
    assert.ok(checked({ contentEncoding: 'gzip' }));
  });
});

const edit = (rule: Partial<ResponseFilter>, text: string) => filtered({ removeKeys: [], ...rule }, text);

describe('an answer that is edited', () => {
  const keepOnly = [
    { kind: 'slug', value: 'web' },
    { kind: 'id', value: '12' },
  ] as const;

  it('keeps of a list what the client may see, by slug or id', async () => {
    const list = [
      { id: '11', slug: 'web' },
      { id: '12', slug: 'api' },
      { id: 12, slug: 'n' },
      { id: '13', slug: '12' },
      { id: 'web' },
      null,
      'web',
      12,
      {},
    ];
    assert.equal(await edit({ keepOnly }, JSON.stringify(list)), JSON.stringify(list.slice(0, 3)));
  });

  it('keeps of a list inside it what the client may see', async () => {
    const rule = { keepOnly, listKey: 'projects', removeKeys: ['teams'] };
    const projects = [
      { id: '11', slug: 'web', teams: [{ slug: 'crew' }] },
      { id: '13', slug: 'secret' },
    ];
    const organization = { slug: 'acme', projects, teams: [{ slug: 'all' }], features: ['a'] };
    assert.equal(
      await edit(rule, JSON.stringify(organization)),
      '{"slug":"acme","projects":[{"id":"11","slug":"web"}],"features":["a"]}',
    );
    assert.equal(await edit(rule, ' {"slug": "acme"}'), ' {"slug": "acme"}');
    for (const strange of ['[{"slug":"api"}]', '"api"', 'null', '{"projects":{"api":{}}}', '{"projects":"api"}']) {
      assert.equal(await edit(rule, strange), undefined, strange);
    }
  });

  it('loses the secrets of a project at every depth', async () => {
    const removeKeys = ['securityToken', 'securityTokenHeader'];
    const project = { slug: 'web', securityToken: 'a', options: { 'sentry:x': 1 }, securityTokenHeader: null };
    assert.equal(await edit({ removeKeys }, JSON.stringify(project)), '{"slug":"web","options":{"sentry:x":1}}');
    assert.equal(
      await edit({ removeKeys }, JSON.stringify([{ project }])),
      '[{"project":{"slug":"web","options":{"sentry:x":1}}}]',
    );
    assert.equal(await edit({ removeKeys }, '{"security\\u0054oken":"a"}'), '{}');
    assert.equal(
      await edit({ removeKeys }, '{"options":{"securityToken":"a"},"options":1}'),
      '{"options":{},"options":1}',
    );
  });

  it('stays byte for byte if nothing has to go', async () => {
    const text = ' [ {"slug" : "web", "n": 1.0} ]\n';
    assert.equal(await edit({ keepOnly, removeKeys: ['securityToken'] }, text), text);
    assert.equal(await edit({ keepOnly }, ''), '');
  });

  it('is not shown at all if it cannot be read', async () => {
    assert.equal(await edit({ keepOnly }, '{"slug":"api"}'), undefined);
    assert.equal(await edit({ removeKeys: ['securityToken'] }, '{"securityToken":'), undefined);
    assert.equal(await edit({ removeKeys: ['securityToken'] }, '<html>'), undefined);
    assert.equal(await filtered({ removeKeys: [] }, Uint8Array.from([0x22, 0xff, 0x22])), undefined);
  });
});
