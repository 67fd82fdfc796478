// The JSON schemas, by which editors complete and check: they know each key that the proxy knows.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FILE_KEYS } from '../../src/clients/clients-file.ts';
import { CLIENT_KEYS } from '../../src/clients/read-client.ts';
import { ISSUER_KEYS } from '../../src/identity/issuer.ts';
import { IDENTITY_KEYS } from '../../src/identity/read-identity.ts';
import { TOKEN_KEYS, TOKENS_FILE_KEYS } from '../../src/tokens/tokens-file.ts';
import { text } from '../support/pages.ts';

interface Properties {
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Schema extends Properties {
  readonly definitions: Readonly<Record<string, Properties>>;
}

const KEYS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'clients.schema.json': { '': FILE_KEYS, client: CLIENT_KEYS, issuer: ISSUER_KEYS, identity: IDENTITY_KEYS },
  'tokens.schema.json': { '': TOKENS_FILE_KEYS, token: TOKEN_KEYS },
};

for (const [file, definitions] of Object.entries(KEYS)) {
  describe(file, () => {
    const schema: Schema = JSON.parse(text(file));
    for (const [name, keys] of Object.entries(definitions)) {
      const what = name === '' ? 'the file' : `"${name}"`;
      const { properties } = name === '' ? schema : schema.definitions[name]!;

      it(`has the keys of ${what} that the proxy takes, and no others`, () => {
        const missing = keys.filter((key) => !Object.hasOwn(properties, key));
        const unknown = Object.keys(properties).filter((key) => !keys.includes(key));
        assert.deepEqual({ missing, unknown }, { missing: [], unknown: [] }, `${file}, the properties of ${what}`);
      });
    }
  });
}
