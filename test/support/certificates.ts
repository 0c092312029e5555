import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** What servers show to clients that trust, or don't trust, an authority of our own. */
export interface Certificates {
  /** The authority's certificate: what `--ca-file` names. */
  ca: string;
  good: Certificate;
  expired: Certificate;
  otherName: Certificate;
  selfSigned: Certificate;
}

/** Makes them with openssl, for 127.0.0.1. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-certificates-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const key = (name: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`);
  const selfSign = (name: string, ...more: string[]) => {
    key(name);
    openssl(
      'req',
      '-x509',
      '-key',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      ...more,
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  const sign = (name: string, san: string, ...validity: string[]) => {
    key(name);
    openssl('req', '-new', '-key', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${san}\n`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
      ...validity,
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  try {
    const ca = selfSign('ca').cert;
    return {
      ca,
      good: sign('good', 'IP:127.0.0.1', '-days', '2'),
      expired: sign('expired', 'IP:127.0.0.1', '-days', '-1'),
      otherName: sign('other', 'DNS:other.example.com', '-days', '2'),
      selfSigned: selfSign('self', '-addext', 'subjectAltName=IP:127.0.0.1'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
