// The table of settings: every row holds for itself what the others hold.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Setting } from '../../../adapters/node/config/setting.ts';
import { NAMED_SETTINGS, SETTINGS } from '../../../adapters/node/config/settings.ts';

/** setTimeout fires at once above this. */
const MAX_TIMER = 2 ** 31 - 1;

/** What is wrong with a value, and what is made of it. */
function parsed({ parse }: Setting, text: string): { problems: string[]; value: unknown } {
  const problems: string[] = [];
  const value = parse(text, (problem) => problems.push(problem));
  return { problems, value };
}

const withPlaceholder = (placeholder: string) => {
  const rows = SETTINGS.filter((setting) => setting.placeholder === placeholder);
  assert.ok(rows.length > 0);
  return rows;
};

describe('the settings', () => {
  it('have one name, flag and variable each', () => {
    for (const key of ['flag', 'variable'] as const) {
      assert.equal(new Set(SETTINGS.map((setting) => setting[key])).size, SETTINGS.length);
    }
    for (const [name, { flag }] of NAMED_SETTINGS) {
      assert.match(name, /^[a-z][a-zA-Z]*$/);
      assert.match(flag, /^[a-z]+(-[a-z]+)*$/);
    }
  });

  for (const setting of SETTINGS.filter(({ files }) => files === undefined)) {
    it(`take their own default: --${setting.flag}`, () => {
      assert.deepEqual(parsed(setting, setting.default).problems, []);
    });
  }

  for (const setting of withPlaceholder('TIME')) {
    it(`have a range that timers can take: --${setting.flag}`, () => {
      for (const text of ['600h', '25d', '2147483648ms', '999999999h', '0.1ms', '-1', '', '1e3', ' 1s']) {
        const { problems } = parsed(setting, text);
        assert.equal(problems.length, 1, `${JSON.stringify(text)} is refused`);
        assert.ok(text === '' || !problems[0]!.includes(JSON.stringify(text)));
      }
      for (const text of ['1ms', '500ms', '25', '25s', '5m', '1h', '0']) {
        const { problems, value } = parsed(setting, text);
        assert.deepEqual(problems, [], text);
        assert.ok(typeof value === 'number' && value >= 0 && value <= MAX_TIMER);
      }
    });
  }

  for (const setting of withPlaceholder('SIZE')) {
    it(`have a range that fits into memory: --${setting.flag}`, () => {
      for (const text of ['9999999999g', '-1', '', '1.5k', '1TiB']) {
        assert.equal(parsed(setting, text).problems.length, 1, `${JSON.stringify(text)} is refused`);
      }
      assert.deepEqual(parsed(setting, '64KiB'), { problems: [], value: 65536 });
    });
  }

  it('refuse a header section of no size', () => {
    const row = SETTINGS.find(({ flag }) => flag === 'max-header-size')!;
    for (const text of ['0', '1', '1023']) assert.equal(parsed(row, text).problems.length, 1, text);
    assert.deepEqual(parsed(row, '1KiB').problems, []);
  });

  for (const setting of SETTINGS.filter(({ isSwitch }) => isSwitch)) {
    it(`are true or false and nothing else: --${setting.flag}`, () => {
      assert.deepEqual([parsed(setting, 'true').value, parsed(setting, 'false').value], [true, false]);
      for (const text of ['yes', '1', 'TRUE', '']) assert.equal(parsed(setting, text).problems.length, 1, text);
    });
  }
});
