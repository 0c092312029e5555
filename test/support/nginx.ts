import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../tools/keycloak/ports.ts';
import { findProgram } from './debian-program.ts';

/** A running nginx. */
export interface Nginx {
  port: number;
  stop(): Promise<void>;
}

/** Starts nginx on a free loopback port with this server block, which is told its port. `tls` is certificate and key; a fixed port is for a host that must know it before; `http` stands beside the server block. */
export async function startNginx(
  block: (port: number) => string,
  {
    tls,
    port: fixed,
    http = '',
  }: { tls?: { certificate: string; key: string }; port?: number; http?: string } = {},
): Promise<Nginx> {
  const program = findProgram('nginx', {
    told: 'MCPKC_TEST_NGINX',
    inside: 'usr/sbin/nginx',
    packages: ['nginx'],
  });
  const port = fixed ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-nginx-'));
  if (tls) {
    writeFileSync(join(folder, 'certificate.pem'), tls.certificate);
    writeFileSync(join(folder, 'key.pem'), tls.key);
  }
  const secure = tls
    ? `ssl_certificate ${folder}/certificate.pem; ssl_certificate_key ${folder}/key.pem;`
    : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  const config = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${temporary}
  ${http}
  server { listen 127.0.0.1:${port}${tls ? ' ssl' : ''}; ${secure} ${block(port)} }
}
`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const child = spawn(
    program.path,
    ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')],
    {
      env: { ...process.env, ...program.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await answering(child, port);
  const ended = new Promise((resolve) => child.on('close', resolve));
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  let words = '';
  child.stderr?.on('data', (text) => {
    words += text;
  });
  const { connect } = await import('node:net');
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${words}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nginx does not answer: ${words}`);
}
