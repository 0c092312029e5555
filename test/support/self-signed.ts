import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate that signs itself, and its key, as PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

/** Makes one with OpenSSL for these names; with 0 days it has expired a second later. */
export function selfSigned(names = 'DNS:localhost,IP:127.0.0.1', days = 2): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-certificate-'));
  const run = (args: readonly string[]) => {
    const { status, stderr, error } = spawnSync('openssl', [...args], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`These tests need openssl: ${error?.message ?? stderr}`);
  };
  const request = [
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'key.pem',
    '-out',
    'request.pem',
    '-subj',
    '/CN=test',
  ];
  run([...request, '-addext', `subjectAltName=${names}`]);
  run([
    'x509',
    '-req',
    '-in',
    'request.pem',
    '-signkey',
    'key.pem',
    '-days',
    String(days),
    '-out',
    'certificate.pem',
    '-copy_extensions',
    'copyall',
  ]);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const made = { certificate: read('certificate.pem'), key: read('key.pem') };
  rmSync(folder, { recursive: true, force: true });
  return made;
}
