// Makes what `import … from 'sentry-api-proxy'` gives: an ES module for each entry, with the packages that it needs inside,
// so that installing the library brings no others; and the types.
//
// node build-library.ts [FOLDER]     FOLDER: dist
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import packageJson from './package.json' with { type: 'json' };

const root = import.meta.dirname;
const folder = process.argv[2] ?? 'dist';
const library = join(folder, 'library');
const types = join(folder, 'types');

/** The source of each entry, by its name in dist/library; package.json says which there are. */
const sources = Object.values(packageJson.exports)
  .filter((entry) => typeof entry === 'object')
  .map(({ types: declaration, default: file }) => ({
    name: file.replace('./dist/library/', '').replace('.js', ''),
    source: declaration.replace('./dist/types/', '').replace('.d.ts', '.ts'),
  }));

rmSync(library, { recursive: true, force: true });
rmSync(types, { recursive: true, force: true });

const common = {
  bundle: true,
  platform: 'node',
  target: 'es2024',
  legalComments: 'inline',
  logLevel: 'warning',
} as const;

await build({
  ...common,
  entryPoints: Object.fromEntries(sources.map(({ name, source }) => [name, join(root, source)])),
  outdir: library,
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  plugins: [
    {
      name: 'the driver next to the library',
      setup({ onResolve }) {
        onResolve({ filter: /^pg$/ }, () => ({ path: './pg.cjs', external: true }));
      },
    },
    {
      // createListener hands in the platform's own classes, so the ponyfill's, 400 KB of them, would never be used.
      name: "the platform's classes",
      setup({ onResolve }) {
        const path = join(root, 'node_modules/@whatwg-node/fetch/dist/global-ponyfill.js');
        onResolve({ filter: /^@whatwg-node\/fetch$/ }, () => ({ path }));
      },
    },
  ],
});

// The database driver is CommonJS, and requires modules of Node's, which an ES module cannot do.
const usesDriver = readdirSync(library).some((file) => readFileSync(join(library, file), 'utf8').includes('./pg.cjs'));
if (usesDriver) {
  const driver = createRequire(import.meta.url).resolve('pg');
  await build({
    ...common,
    entryPoints: [driver],
    outfile: join(library, 'pg.cjs'),
    format: 'cjs',
    external: ['pg-native'],
  });
}

const tsc = join(root, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.types.json'), '--outDir', types], { stdio: 'inherit' });
for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.d.ts')) nameCompiledFiles(join(types, file));
}

/** A declaration names the compiled file, which takes the place of the source in the package. */
function nameCompiledFiles(path: string): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replaceAll(/((?:from|import\() ?['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2'));
}

for (const { source } of sources) {
  const declaration = join(types, source.replace('.ts', '.d.ts'));
  if (!existsSync(declaration)) throw new Error(`tsconfig.types.json does not include ${source}`);
}
