import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generatedPages } from '../../tools/docs.ts';
import { text } from '../support/pages.ts';

describe('a page with tables that follow from the code', () => {
  for (const [page, generated] of generatedPages()) {
    it(`is up to date: ${page}`, () => {
      const expected = generated.split('\n');
      const lines = text(page).split('\n');
      const line = expected.findIndex((one, index) => one !== lines[index]);
      const where = `${page}, line ${line + 1}, is out of date; run: node tools/docs.ts`;
      assert.equal(lines[line], expected[line], where);
      assert.equal(lines.length, expected.length, where);
      const open = expected.findIndex((one) => /^\|.*\(say (?:when|why|what [\w ]+)\)/.test(one));
      assert.equal(open, -1, `${page}, line ${open + 1}, is not explained`);
    });
  }
});
