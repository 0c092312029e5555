import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import type {} from './build.ts';

/** A server of a stranger: it keeps all that it is sent, and answers like a Keycloak that is about to hand tokens out. */
export interface Trap {
  url: string;
  /** Everything that came: request line, headers, body, a text each. */
  caught: string[];
}

/** Starts a trap on loopback; it ends with the test. */
export async function setTrap(): Promise<Trap> {
  const caught: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      caught.push(`${request.method} ${request.url}\n${JSON.stringify(request.headers)}\n${body}`);
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`, caught };
}

/** A folder as it was cloned, with what its maker put there; a link's value begins with `→ `. */
export function plantFolder(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-planted-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text.startsWith('→ ')) symlinkSync(text.slice(2), path);
    else writeFileSync(path, text, { mode: 0o600 });
  }
  return folder;
}

/** Runs mcpkc as it is installed in a folder, with this environment alone. */
export function runIn(
  folder: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<{ exit: number; out: string; err: string }> {
  const program = [inject('mcpkcBin'), ...args];
  const options = { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env }, timeout: 50_000 };
  return new Promise((done) => {
    const child = execFile(process.execPath, program, options, (error, out, err) => {
      done({ exit: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err });
    });
    child.stdin?.end();
  });
}

/** The command line that an error prints on a line of its own, put together where it was broken. */
export function printedLine(err: string): string {
  const joined = err.replaceAll(/ \\\n +/g, ' ');
  return /^ *((?:export|printf|mcpkc) .*)$/m.exec(joined)?.[1] ?? '';
}
