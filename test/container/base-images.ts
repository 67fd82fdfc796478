// Stand-ins for the images that deploy/Dockerfile is built on, made of this machine's files: a registry is not always in reach.
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';

const run = promisify(execFile);

/** The images that a Dockerfile begins its stages with, in order. */
export async function baseImagesOf(dockerfile: string): Promise<string[]> {
  const text = await readFile(dockerfile, 'utf8');
  return [...text.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]!);
}

/** The image that the proxy is built in: Node, npm and a shell. */
export async function makeBuildImage(engine: Engine, name: string, folder: string, node: string): Promise<void> {
  const root = join(folder, 'build');
  await addProgram(root, node, '/usr/local/bin/node');
  // bin/npm-cli.js in npm's own folder on this machine.
  const { stdout: npm } = await run('sh', ['-c', 'command -v npm']);
  const npmFolder = dirname(dirname(await realpath(npm.trim())));
  await cp(npmFolder, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true });
  await addScript(root, '/usr/local/bin/npm', 'exec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"');
  await addProgram(root, await realpath('/bin/busybox'), '/bin/busybox');
  await addNames(root);
  const shell = 'SHELL ["/bin/busybox", "sh", "-c"]\nRUN /bin/busybox --install -s /bin && mkdir -p /tmp /root\n';
  await engine.build(name, root, `FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/bin HOME=/root\n${shell}`);
}

/** The image that the proxy runs in: Node and nothing else, as in distroless' images. */
export async function makeRuntimeImage(engine: Engine, name: string, folder: string, node: string): Promise<void> {
  const root = join(folder, 'runtime');
  await addProgram(root, node, '/nodejs/bin/node');
  await addNames(root);
  await engine.build(name, root, 'FROM scratch\nCOPY . /\nUSER 65532:65532\n');
}

/** A program with the shared libraries that it asks for. */
async function addProgram(root: string, from: string, to: string): Promise<void> {
  await addFile(root, from, to);
  const { stdout } = await run('ldd', [from]).catch(() => ({ stdout: '' }));
  for (const [, library] of stdout.matchAll(/(\/\S+) \(0x/g)) await addFile(root, await realpath(library!), library!);
}

async function addFile(root: string, from: string, to: string): Promise<void> {
  await mkdir(join(root, dirname(to)), { recursive: true });
  await cp(from, join(root, to), { dereference: true });
}

async function addScript(root: string, path: string, command: string): Promise<void> {
  await mkdir(join(root, dirname(path)), { recursive: true });
  await writeFile(join(root, path), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
}

/** What name resolution, TLS and npm read of a machine. */
async function addNames(root: string): Promise<void> {
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnonroot:x:65532:65532::/home/nonroot:/\n');
  await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  await addFile(root, certificates, certificates).catch(() => {});
}
