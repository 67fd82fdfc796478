// A folder with everything that the client programs upload.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';

const run = promisify(execFile);

export async function makeProjectFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'real-clients-'));
  const write = (name: string, content: string | Buffer) => writeFile(join(folder, name), content);
  // The Node that runs this is a real ELF with a build id, but of 100 MB; true is one of 30 KB.
  await copyFile('/bin/true', join(folder, 'crash'));
  await write('index.js', 'globalThis.fail = () => {\n  throw new Error("a");\n};\n');
  await write('app.js', 'console.log(1);\n//# sourceMappingURL=app.js.map\n');
  const map = { version: 3, sources: ['app.ts'], names: [], mappings: 'AAAA', sourcesContent: ['console.log(1);'] };
  await write('app.js.map', JSON.stringify(map));
  await write('mapping.txt', 'a.B -> a.a:\n    1:2:void f():3:4 -> a\n');
  await write('dart.json', '["a","b"]');
  await write('codemap.json', '[{"stackRoot":"a/","sourceRoot":"b/"}]');
  await write('app.apk', zipOf(['AndroidManifest.xml', 'classes.dex', 'resources.arsc']));
  await mkdir(join(folder, 'images'));
  await write('images/home.png', PIXEL);
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...args], { cwd: folder });
  await git('init', '--quiet');
  await git('commit', '--quiet', '--allow-empty', '--message=First');
  await git('remote', 'add', 'origin', 'https://github.com/acme/web.git');
  return folder;
}

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A ZIP file with these files, each of which has its name as its content, and nothing compressed. */
function zipOf(names: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  for (const name of names) {
    const content = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(content.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(content.length, 22);
    const offset = Buffer.alloc(14);
    offset.writeUInt32LE(Buffer.concat(parts).length, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\0'), fields, offset, content);
    parts.push(Buffer.from('PK\x03\x04'), fields, content, content);
  }
  const [files, listing] = [Buffer.concat(parts), Buffer.concat(directory)];
  const end = Buffer.alloc(18);
  end.writeUInt16LE(names.length, 4);
  end.writeUInt16LE(names.length, 6);
  end.writeUInt32LE(listing.length, 8);
  end.writeUInt32LE(files.length, 12);
  return Buffer.concat([files, listing, Buffer.from('PK\x05\x06'), end]);
}
