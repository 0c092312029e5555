import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, type Program } from './debian-program.ts';

/** A reverse proxy, as the real program. */
export interface Front {
  name: 'nginx' | 'HAProxy' | 'Caddy';
  /** The language of its blocks in the documents. */
  language: 'nginx' | 'haproxy' | 'caddy';
  program(): Program;
  /** The whole configuration around the lines of a document. */
  whole(lines: string, folder: string): string;
  args(file: string, folder: string): string[];
}

/** nginx 1.22, HAProxy 2.6, Caddy 2.6 where they come from Debian 12's packages. */
export const FRONTS: readonly Front[] = [
  {
    name: 'nginx',
    language: 'nginx',
    program: () =>
      findProgram('nginx', { told: 'MCPKC_TEST_NGINX', inside: 'usr/sbin/nginx', packages: ['nginx'] }),
    whole: (lines, folder) => {
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`)
        .join('\n');
      return `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; ${places}
${lines} }`;
    },
    args: (file, folder) => ['-p', folder, '-e', join(folder, 'error.log'), '-c', file],
  },
  {
    name: 'HAProxy',
    language: 'haproxy',
    program: () =>
      findProgram('haproxy', {
        told: 'MCPKC_TEST_HAPROXY',
        inside: 'usr/sbin/haproxy',
        packages: ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'],
      }),
    whole: (lines) => `defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
${lines}`,
    args: (file) => ['-f', file],
  },
  {
    name: 'Caddy',
    language: 'caddy',
    program: () =>
      findProgram('caddy', { told: 'MCPKC_TEST_CADDY', inside: 'usr/bin/caddy', packages: ['caddy'] }),
    whole: (lines) => `{
	admin off
	auto_https off
}
${lines}`,
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  },
];

/** A block of a document in docs/, as an operator copies it. */
export function documented(document: string, language: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs', document), 'utf8');
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/${document} has no block for ${language}`);
  return block;
}

/** Replaces what names the operator's own machines; throws where the document changed. */
export function adapted(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`the document no longer has: ${from}`);
    return now.replaceAll(from, to);
  }, text);
}

/** Starts the program with these lines; `port` is one that it answers at. `lines` gets a folder for further files. */
export async function startFront(
  front: Front,
  port: number,
  lines: (folder: string) => string,
): Promise<{ stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-front-'));
  const file = join(folder, 'front.conf');
  writeFileSync(file, front.whole(lines(folder), folder));
  const { path, env } = front.program();
  const child = spawn(path, front.args(file, folder), {
    env: { ...process.env, ...env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (words += text));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`${front.name} ended: ${words}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });
    if (open) return { stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`${front.name} does not answer: ${words}`);
}
