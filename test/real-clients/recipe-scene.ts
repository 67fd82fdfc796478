// A client program in front of its own proxy, as a client with the entry that `token --for` prints.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProxy, startProxy } from '../support/proxy-process.ts';
import { MODULES, runClient } from './client.ts';
import { startMcp } from './mcp-session.ts';
import { CHANGING, READING } from './mcp-tools.ts';
import { makeProjectFolder } from './project-folder.ts';
import { startStandIn, TOKEN } from './stand-in.ts';

const ALIAS = 'a'.repeat(64);

export type Reach = 'orgs' | 'projects';

const FLAGS: Readonly<Record<Reach, readonly string[]>> = {
  orgs: ['--org', 'acme'],
  projects: ['--project', 'acme/checkout', '--project', 'acme/storefront'],
};

export interface Scene {
  /** Runs a command, in which FOLDER is a folder with things to upload. @returns why it failed, or undefined */
  run(program: string, command: string): Promise<string | undefined>;
  /** Calls tools of sentry-mcp, one after the other. @returns why each failed, by its name */
  call(tools: readonly string[]): Promise<Map<string, string>>;
  stop(): Promise<void>;
}

interface Client {
  readonly token: string;
  readonly client?: object;
}

/** The client that `token --for` makes of a program. */
export async function clientFor(program: string, reach: Reach, write: boolean): Promise<Client> {
  const flags = ['--for', program, ...FLAGS[reach], ...(write ? ['--write'] : []), '--json'];
  return JSON.parse((await runProxy(['token', ...flags])).stdout);
}

/** @param client default: an alias token */
export async function startScene({ token, client }: Client = { token: ALIAS }): Promise<Scene> {
  const sentry = await startStandIn();
  const clients = client === undefined ? [] : [`--clients=${JSON.stringify({ clients: [client] })}`];
  const flags = [`--sentry-uri=${sentry.url}`, `--token=${TOKEN}`, `--alias-token=${ALIAS}`, ...clients];
  const proxy = await startProxy(flags);
  const folder = await makeProjectFolder();

  return {
    async run(program, command) {
      const env = {
        SENTRY_URL: `http://127.0.0.1:${proxy.port}`,
        SENTRY_AUTH_TOKEN: token,
        SENTRY_ORG: 'acme',
        SENTRY_PROJECT: 'checkout',
      };
      const path = program.startsWith('.') ? join(import.meta.dirname, program) : join(MODULES, program);
      const { code, stdout, stderr } = await runClient(path, command.replace('FOLDER', folder).split(' '), {
        cwd: folder,
        env,
      });
      const output = stderr + stdout;
      return code === 0 && !output.includes(REFUSED) ? undefined : output.slice(0, 500);
    },
    async call(tools) {
      const flags = [`--access-token=${token}`, `--host=127.0.0.1:${proxy.port}`, '--insecure-http', '--all-skills'];
      const mcp = await startMcp(flags, '');
      const failed = new Map<string, string>();
      try {
        for (const name of tools) {
          const organization = ['find_organizations', 'whoami'].includes(name) ? {} : { organizationSlug: 'acme' };
          const args = { ...organization, ...READING[name], ...CHANGING[name] };
          const { isError, content } = DIRECT.includes(name)
            ? await mcp.call(name, args)
            : await mcp.call('execute_sentry_tool', { name, arguments: args });
          if (isError) failed.set(name, content.map(({ text }) => text).join('\n'));
        }
      } finally {
        await mcp.stop();
      }
      return failed;
    },
    async stop() {
      await proxy.stop();
      await sentry.stop();
      await rm(folder, { recursive: true, force: true });
      if (sentry.leaks.length > 0) throw new Error(`went past the proxy: ${sentry.leaks.join('\n')}`);
      if (sentry.strangers.length > 0) throw new Error(`took a token there: ${sentry.strangers.join('\n')}`);
    },
  };
}

/** The agent of the README, with the stand-in's projects in place of those there. */
export async function clientOfReadme(): Promise<Client> {
  const page = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, file = ''] = /^```json\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const { clients } = JSON.parse(file.replace('acme/web', 'acme/checkout').replace('acme/api', 'acme/storefront'));
  const token = 'b'.repeat(64);
  return { token, client: { ...clients[0], token } };
}

const REFUSED = 'The client may not do this';

/** Tools that are called by their own names; the others through one of these. */
const DIRECT = [
  ...['find_organizations', 'find_projects', 'update_issue', 'search_events', 'analyze_issue_with_seer'],
  ...['search_issues', 'get_sentry_resource'],
];
