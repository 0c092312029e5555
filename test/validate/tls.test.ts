import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, inject, it } from 'vitest';
import { type Certificate, selfSigned } from '../support/self-signed.ts';
import { validateRun } from './stage.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function startTls({ certificate, key }: Certificate): Promise<string> {
  const listening = createServer({ cert: certificate, key }, (_req, res) => void res.writeHead(401).end());
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(listening.address() as AddressInfo).port}/mcp`;
}

const outside = () => ({ KC_ISSUER: `${inject('keycloak').url}/realms/master` });

it.each([
  ['self-signed', () => selfSigned(), false, /TLS: its certificate is self-signed/],
  [
    'for another name',
    () => selfSigned('DNS:elsewhere.example'),
    true,
    /TLS: its certificate is for another name/,
  ],
  ['expired', () => selfSigned(undefined, 0), true, /TLS: its certificate has expired/],
] as const)('a certificate that is %s is named', async (_what, make, trusted, words) => {
  const certificate = make();
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const trust = trusted ? ['--ca-file', 'ca.pem'] : [];
  const args = [await startTls(certificate), '--outside', '--no-registration', ...trust];
  const run = await validateRun(args, outside(), (io) => {
    io.disk.set('/here/ca.pem', { text: certificate.certificate, mode: 0o644 });
  });
  expect(run.exit).toBe(3);
  expect(run.check('CHAL-401').message).toMatch(words);
  expect(run.check('CHAL-401').fix).toContain('certificate');
});
