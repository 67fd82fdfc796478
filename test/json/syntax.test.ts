// The check of JSON that makes no values, against the platform's own parser.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { editJson, removeMembers } from '../../src/json/edit.ts';
import { parseStrictJson } from '../../src/json/strict.ts';
import { jsonProblem } from '../../src/json/syntax.ts';

const UNBOUNDED = { depth: 1000, values: 10_000_000 };
const MEBIBYTE = 1024 * 1024;

/** A list of so many bytes with one element over and over. */
const listOf = (element: string, bytes: number): string =>
  `[${element}${`,${element}`.repeat(Math.floor((bytes - 2) / (element.length + 1)) - 1)}]`;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the grammar of JSON', () => {
  const valid = [
    '0',
    '-0.0e+0',
    ' [ ] ',
    '{ }',
    '"\\u00e9\\"\\/\\b"',
    '"\u2028\ud800"',
    '[1 , {"a" : [true,false,null]}]\n',
    '123456789012345678901234567890e999',
  ];
  const invalid = [
    '',
    ' ',
    '01',
    '-',
    '+1',
    '1.',
    '.5',
    '1e',
    '1e+',
    'nul',
    'nullx',
    'True',
    'NaN',
    '"',
    '"\\"',
    '"\\x"',
    '"\\u00g0"',
    '"\\u00',
    '"\t"',
    "'a'",
    '[1,]',
    '[,1]',
    '[1',
    '[1}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{1:1}',
    '{"a":1]',
    '[]]',
    '1 2',
    '\ufeff1',
    '\u00a01',
  ];
  for (const text of [...valid, ...invalid]) {
    it(`is read as the platform reads it: ${JSON.stringify(text)}`, () => {
      assert.equal(jsonProblem(text, UNBOUNDED) === undefined, isJson(text));
    });
  }

  it('is read as the platform reads it in documents with a sign changed, added or removed', () => {
    const signs = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '1',
      '-',
      '+',
      '.',
      'e',
      'E',
      'u',
      't',
      ' ',
      '\n',
      '\u0001',
    ];
    const document = '{"a":[-1.5e+3,"x\\u0041\\n",{"b":null},[],{}],"c":true , "d" : false}';
    let state = 1;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let isValid = 0;
    for (let round = 0; round < 50_000; round++) {
      let text = document;
      for (let edits = random(3); edits >= 0; edits--) {
        const at = random(text.length);
        text = text.slice(0, at) + (random(3) === 0 ? '' : signs[random(signs.length)]) + text.slice(at + random(2));
      }
      const expected = isJson(text);
      if (expected) isValid++;
      assert.equal(jsonProblem(text, UNBOUNDED) === undefined, expected, text);
    }
    assert.ok(isValid > 1000, `${isValid} documents were valid`);
  });

  it('is refused where it stops being JSON', () => {
    assert.deepEqual(jsonProblem('[1,\n 2 3]', UNBOUNDED), { text: 'is not JSON', at: 7 });
    assert.deepEqual(jsonProblem('{"a" 1}', UNBOUNDED), { text: 'is not JSON', at: 1 });
  });
});

describe('the bounds of JSON', () => {
  it('count values and names, and the levels', () => {
    const problemOf = (text: string, depth: number, values: number) => jsonProblem(text, { depth, values })?.text;
    assert.equal(problemOf('{"a":[1,2]}', 2, 5), undefined);
    assert.equal(problemOf('{"a":[1,2]}', 1, 5), 'is nested deeper than 1 levels');
    assert.equal(problemOf('{"a":[1,2]}', 2, 4), 'has more than 4 values and names');
  });

  const hostile: Record<string, string> = {
    '8 MiB of empty objects': listOf('{}', 8 * MEBIBYTE),
    '8 MiB of numbers': listOf('0', 8 * MEBIBYTE),
    '8 MiB of members': `{${listOf('"a":0', 8 * MEBIBYTE).slice(1, -1)}}`,
    '8 MiB of nested arrays': '['.repeat(4 * MEBIBYTE) + ']'.repeat(4 * MEBIBYTE),
    '8 MiB of nested objects': '{"a":'.repeat((8 * MEBIBYTE) / 5),
  };
  for (const [title, text] of Object.entries(hostile)) {
    it(`refuse ${title} before any value is made`, () => {
      const before = process.memoryUsage().heapUsed;
      assert.equal(
        editJson(text, ['a'], () => ''),
        undefined,
      );
      assert.equal(removeMembers(text, ['a']), undefined);
      assert.ok('problem' in parseStrictJson(text));
      // JSON.parse takes more than 100 MiB for each of these.
      assert.ok(process.memoryUsage().heapUsed - before < 32 * MEBIBYTE);
    });
  }

  it('leave ordinary documents of 8 MiB alone', () => {
    const organization = {
      ...{ id: '4711', slug: 'acme', name: 'Acme', dateCreated: '2026-01-01T00:00:00Z', isEarlyAdopter: false },
      features: Array.from({ length: 100 }, (_, index) => `feature-number-${index}`),
      links: { organizationUrl: 'https://sentry.example/acme', regionUrl: 'https://us.sentry.example' },
    };
    const text = listOf(JSON.stringify(organization), 8 * MEBIBYTE);
    const edited = removeMembers(text, ['regionUrl']);
    assert.ok(edited !== undefined && edited.length < text.length && !edited.includes('regionUrl'));
  });

  it('leave a release with 2,000 commits alone', () => {
    const patches = Array.from({ length: 7 }, (_, index) => ({ path: `src/module/file-${index}.ts`, type: 'M' }));
    const commit = { id: 'a'.repeat(40), message: 'Fix it', author_name: 'A', patch_set: patches };
    const text = JSON.stringify({
      version: '1.0',
      projects: ['web'],
      commits: Array.from({ length: 2000 }, () => commit),
    });
    assert.ok('value' in parseStrictJson(text));
  });
});
