import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { freePort } from '../../tools/keycloak/ports.ts';
import { bareEnv } from './terminal.ts';

const HOST = resolve(import.meta.dirname, '../mcp-host/main.ts');

/** The example MCP server, running as a process of its own. */
export interface RunningHost {
  /** What people paste into their client. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What a server needs before anything is known of its scope: who it is, and whose tokens it takes. */
export async function firstEnv(issuer: string): Promise<Record<string, string>> {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const url = `${origin}/mcp`;
  return { MCP_PUBLIC_BASE_URL: origin, MCP_TRANSPORT_URL: url, OIDC_ISSUER: issuer, OIDC_AUDIENCE: url };
}

/** Starts `examples/mcp-host` with this environment, on the port of its own URL, and waits until it answers. */
export async function startMcpHost(settings: Readonly<Record<string, string>>): Promise<RunningHost> {
  const url = settings.MCP_TRANSPORT_URL ?? '';
  const env = { ...bareEnv(), HOST: '127.0.0.1', PORT: new URL(url).port, ...settings };
  const child = spawn(process.execPath, [HOST], { env, stdio: ['ignore', 'ignore', 'ignore'] });
  await answering(url, child);
  return { url, stop: () => ended(child) };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`the MCP server ended with ${child.exitCode}`);
    const answer = await fetch(url, { method: 'POST' }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Error(`the MCP server does not answer at ${url}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resume) => {
    child.once('close', () => resume());
    child.kill('SIGTERM');
  });
}
