import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, inject, it } from 'vitest';
import { type Certificate, makeCertificates } from '../support/certificates.ts';
import { validateRun } from './stage.ts';

const certificates = makeCertificates();
let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function startTls({ cert, key }: Certificate): Promise<string> {
  const listening = createServer({ cert, key }, (_req, res) => void res.writeHead(401).end());
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(listening.address() as AddressInfo).port}/mcp`;
}

it.each([
  ['self-signed', 'selfSigned', /TLS: its certificate is self-signed/],
  ['for another name', 'otherName', /TLS: its certificate is for another name/],
  ['expired', 'expired', /TLS: its certificate has expired/],
] as const)('a certificate that is %s is named', async (_what, name, words) => {
  const args = [await startTls(certificates[name]), '--outside', '--no-registration', '--ca-file', 'ca.pem'];
  const run = await validateRun(args, { KC_ISSUER: `${inject('keycloak').url}/realms/master` }, (io) => {
    io.disk.set('/here/ca.pem', { text: certificates.ca, mode: 0o644 });
  });
  expect(run.exit).toBe(3);
  expect(run.check('CHAL-401').message).toMatch(words);
  expect(run.check('CHAL-401').fix).toContain('certificate');
});
