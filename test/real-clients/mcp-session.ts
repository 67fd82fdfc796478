// sentry-mcp over standard input and output, as an agent's host runs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MODULES } from './client.ts';

export interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent?: Record<string, unknown>;
}

export interface McpSession {
  call(tool: string, args: Record<string, unknown>): Promise<ToolResult>;
  stop(): Promise<void>;
}

const PATIENCE = 30_000;

/** @param args flags of sentry-mcp; @param ca the path of a certificate authority that it should trust; empty: no further one */
export async function startMcp(args: readonly string[], ca: string): Promise<McpSession> {
  const home = await mkdtemp(join(tmpdir(), 'real-client-'));
  const program = join(MODULES, '@sentry/mcp-server/dist/index.js');
  // An empty DSN: nothing is reported to its makers.
  const child = spawn(process.execPath, [program, '--sentry-dsn=', ...args], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, ...(ca !== '' && { NODE_EXTRA_CA_CERTS: ca }) },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'close');
  const waiting = new Map<number, (message: { result?: unknown; error?: unknown }) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
  });

  let lastId = 0;
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method: string, params: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), PATIENCE);
      waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        if (error === undefined) resolve(result);
        else reject(new Error(JSON.stringify(error)));
      });
      send({ id, method, params });
    });

  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(home, { recursive: true, force: true });
  };
  try {
    const clientInfo = { name: 'test', version: '1' };
    await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  } catch (error) {
    await stop();
    throw error;
  }
  send({ method: 'notifications/initialized' });
  return { call: (name, args) => ask('tools/call', { name, arguments: args }) as Promise<ToolResult>, stop };
}
