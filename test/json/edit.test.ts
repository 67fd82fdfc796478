// Editing JSON in place, against the platform's own parser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EACH, editJson, removeMembers } from '../../src/json/edit.ts';

/** A small generator of numbers, so that a failure can be had again from its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = ['a', 'b', '\\u0061', 'x\\"y', '', 'é'];
const SCALARS = ['1', '-0.5e+10', '12345678901234567890', 'true', 'null', '""', '"\\\\"', '"a\\"}],"', '"{[\\u0041"'];
const BLANKS = ['', '', ' ', '\n', '\t\r '];

function randomJson(random: (below: number) => number, depth: number): string {
  const blank = () => BLANKS[random(BLANKS.length)]!;
  const kind = depth === 0 ? 2 : random(3);
  if (kind === 2) return SCALARS[random(SCALARS.length)]!;
  const items = Array.from({ length: random(4) }, () => {
    const value = blank() + randomJson(random, depth - 1) + blank();
    return kind === 0 ? value : `${blank()}"${NAMES[random(NAMES.length)]}"${blank()}:${value}`;
  });
  const inside = items.length === 0 ? blank() : items.join(',');
  return kind === 0 ? `[${inside}]` : `{${inside}}`;
}

/** The effect of the edit on the value of the document. */
function editedValue(value: unknown, path: readonly string[], change: 'remove' | 'replace'): unknown {
  const [step, ...rest] = path;
  if (step === EACH) {
    if (!Array.isArray(value)) return value;
    if (rest.length > 0) return value.map((item) => editedValue(item, rest, change));
    return change === 'remove' ? [] : value.map(() => 0);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step!)) return value;
  const entries = Object.entries(value).flatMap(([name, member]) => {
    if (name !== step) return [[name, member]];
    if (rest.length > 0) return [[name, editedValue(member, rest, change)]];
    return change === 'remove' ? [] : [[name, 0]];
  });
  return Object.fromEntries(entries);
}

const PATHS = [['a'], ['a', 'b'], [EACH, 'a'], [EACH], ['a', EACH, 'b'], ['b', 'a', 'é']];

test('what is edited in place parses as the edited value', () => {
  let edits = 0;
  for (let seed = 0; seed < 20_000; seed++) {
    const random = randomFrom(seed);
    const text = BLANKS[random(BLANKS.length)]! + randomJson(random, 4);
    const path = PATHS[seed % PATHS.length]!;
    const change = seed % 2 === 0 ? 'remove' : 'replace';
    const edited = editJson(text, path, () => (change === 'remove' ? '' : '0'))!;
    if (edited !== text) edits++;
    assert.deepEqual(JSON.parse(edited), editedValue(JSON.parse(text), path, change), `seed ${seed}: ${text}`);
  }
  assert.ok(edits > 1000, `${edits} edits`);
});

test('a value that is left leaves every byte', () => {
  for (let seed = 0; seed < 5000; seed++) {
    const text = randomJson(randomFrom(seed), 4);
    assert.equal(
      editJson(text, PATHS[seed % PATHS.length]!, () => undefined),
      text,
      `seed ${seed}`,
    );
  }
});

test('a document that is cut off or has something after it is not JSON', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const random = randomFrom(seed);
    const text = `{"a":${randomJson(random, 3)}}`;
    assert.equal(
      editJson(text.slice(0, random(text.length)), ['a'], () => ''),
      undefined,
      `seed ${seed}`,
    );
    assert.equal(
      editJson(`${text},`, ['a'], () => ''),
      undefined,
      `seed ${seed}`,
    );
  }
});

test('deep nesting and long runs of backslashes cost only as much as their length', () => {
  const deep = '['.repeat(5000) + ']'.repeat(5000);
  const slashes = `"${'\\\\'.repeat(1_000_000)}\\""`;
  const begun = performance.now();
  assert.equal(
    editJson(`{"b":${deep},"c":${slashes},"a":1}`, ['a'], () => ''),
    `{"b":${deep},"c":${slashes}}`,
  );
  assert.ok(performance.now() - begun < 5000);
});

/** The value without the members of these names, at any depth. */
function without(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, names));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !names.includes(name));
  return Object.fromEntries(entries.map(([name, member]) => [name, without(member, names)]));
}

test('members that are removed at any depth are gone, and all else parses as before', () => {
  let removed = 0;
  for (let seed = 0; seed < 20_000; seed++) {
    const random = randomFrom(seed);
    const text = randomJson(random, 4);
    const names = random(2) === 0 ? ['a'] : ['b', 'x"y', ''];
    const edited = removeMembers(text, names);
    const expected = without(JSON.parse(text), names);
    assert.deepEqual(JSON.parse(edited!), expected, `seed ${seed}: ${text}`);
    // A repeated name is gone as often as it was there.
    for (const name of names) assert.ok(!edited!.includes(`${JSON.stringify(name)}:`), `seed ${seed}: ${edited}`);
    if (edited === text) assert.deepEqual(JSON.parse(text), expected);
    else removed++;
  }
  assert.ok(removed > 1000);
});

test('members are removed with one comma each', () => {
  const cases: [string, string][] = [
    ['{"a":1}', '{}'],
    ['{"a":1,"a":2}', '{}'],
    ['{"a":1,"c":2}', '{"c":2}'],
    ['{"c":1 , "a":2 }', '{"c":1  }'],
    ['{"c":1,"a":2,"a":3}', '{"c":1}'],
    ['{"a":1,"a":2,"c":3}', '{"c":3}'],
    ['{"a":{"a":"}"},"c":["a",{"a":[]}]}', '{"c":["a",{}]}'],
    ['["a", "a"]', '["a", "a"]'],
    ['"a"', '"a"'],
  ];
  for (const [text, edited] of cases) assert.equal(removeMembers(text, ['a']), edited);
  assert.equal(removeMembers('{"a":', ['a']), undefined);
});
