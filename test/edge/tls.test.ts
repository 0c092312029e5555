import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { expectCli, spawnCli } from '../support/cli.ts';
import { envFor, startFakeKeycloak } from '../support/fake-keycloak.ts';

const certificates = makeCertificates();
const LIST = ['trusted-hosts', '--json'];
const CA_FILE = ['--ca-file', 'ca.pem'];
const files = { 'ca.pem': certificates.ca, 'empty.pem': 'no certificate\n' };

const FIX = 'Name the authority’s PEM file with --ca-file, or fix the certificate or the URL (KC_SERVER).';

describe('a certificate that isn’t trusted', () => {
  it.each([
    ['self-signed', certificates.selfSigned, [], 'its certificate is self-signed'],
    [
      'of an authority that is unknown here',
      certificates.good,
      [],
      'the authority that signed its certificate is unknown here',
    ],
    ['expired', certificates.expired, CA_FILE, 'its certificate has expired'],
    [
      'self-signed, with another authority named',
      certificates.selfSigned,
      CA_FILE,
      'its certificate is self-signed',
    ],
  ] as const)('%s', async (_what, certificate, more, why) => {
    const server = await startFakeKeycloak(undefined, certificate);
    const ran = await expectCli(3, [...LIST, ...more], { env: envFor(server.url), files });
    expect(ran.json).toMatchObject({
      code: 'TLS_FAILED',
      message: `${server.url}: no trusted connection, ${why}.`,
      fix: FIX,
    });
    expect(server.got).toEqual([]);
  });

  it('for another name: which names it has', async () => {
    const server = await startFakeKeycloak(undefined, certificates.otherName);
    const ran = await expectCli(3, [...LIST, ...CA_FILE], { env: envFor(server.url), files });
    expect(ran.json).toMatchObject({
      code: 'TLS_FAILED',
      message: `${server.url}: no trusted connection, its certificate is for another name (it is for other.example.com).`,
      details: { names: ['other.example.com'] },
    });
    expect(server.got).toEqual([]);
  });

  it('https to a port that speaks http', async () => {
    const server = await startFakeKeycloak();
    const ran = await expectCli(3, LIST, { env: envFor(server.url.replace('http:', 'https:')) });
    expect(ran.json).toMatchObject({
      code: 'TLS_FAILED',
      message: expect.stringContaining('it speaks plain http at this port'),
    });
  });
});

describe('--ca-file', () => {
  it('makes a private authority trusted, by flag and by environment', async () => {
    const server = await startFakeKeycloak(undefined, certificates.good);
    await expectCli(0, [...LIST, ...CA_FILE], { env: envFor(server.url), files });
    await expectCli(0, LIST, { env: envFor(server.url, { MCPKC_CA_FILE: 'ca.pem' }), files });
  });

  it('works in a child process, where undici is the bundled one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpkc-ca-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'ca.pem'), certificates.ca);
    const server = await startFakeKeycloak(undefined, certificates.good);
    const ran = await spawnCli([...LIST, '--ca-file', join(folder, 'ca.pem')], envFor(server.url)).done;
    expect(ran).toMatchObject({ exit: 0, err: '' });
  });

  it('keeps to the system’s authorities besides: NODE_EXTRA_CA_CERTS still counts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpkc-ca-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'ca.pem'), certificates.ca);
    writeFileSync(join(folder, 'self.pem'), certificates.selfSigned.cert);
    const server = await startFakeKeycloak(undefined, certificates.good);
    const env = envFor(server.url, { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });
    expect(await spawnCli([...LIST, '--ca-file', join(folder, 'self.pem')], env).done).toMatchObject({
      exit: 0,
    });
  });

  it('isn’t needed where the system knows the authority', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpkc-ca-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'ca.pem'), certificates.ca);
    const server = await startFakeKeycloak(undefined, certificates.good);
    // Where OpenSSL looks for the system's authorities, for this process alone.
    const env = envFor(server.url, { SSL_CERT_FILE: join(folder, 'ca.pem') });
    expect(await spawnCli(LIST, env).done).toMatchObject({ exit: 0, err: '' });
    expect(await spawnCli(LIST, envFor(server.url)).done).toMatchObject({ exit: 3 });
  });

  it('is in the command lines of a failure, so that they run as they are printed', async () => {
    const server = await startFakeKeycloak(
      ({ path }) => (path.includes('/components') ? { status: 403, json: {} } : undefined),
      certificates.good,
    );
    const ran = await expectCli(4, [...LIST, ...CA_FILE], { env: envFor(server.url), files });
    expect(ran.json).toMatchObject({
      fix: expect.stringMatching(/\nmcpkc --ca-file ca\.pem init .*--realm \S+$/),
    });
  });

  it('that isn’t there or holds no certificate is named', async () => {
    const missing = await expectCli(2, [...LIST, '--ca-file', 'gone.pem'], {
      env: envFor('https://127.0.0.1:9'),
    });
    expect(missing.json).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('gone.pem'),
    });
    const empty = await expectCli(2, [...LIST, '--ca-file', 'empty.pem'], {
      env: envFor('https://127.0.0.1:9'),
      files,
    });
    expect(empty.json).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('the file holds no PEM certificate'),
    });
  });
});
