/** `npm run capture -- <product>…`: registers as the products do in a real Keycloak, and keeps the clients as it returns them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PRESETS } from '../../src/products/index.ts';
import type { Preset } from '../../src/products/preset.ts';
import { registeredScope } from '../../src/products/scopes.ts';
import { obtainKeycloak } from '../../tools/keycloak/obtain.ts';
import { startKeycloak } from '../../tools/keycloak/server.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';

const FILE = new URL('../unit/clients/captured.json', import.meta.url);
const BIOME = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));
const SCOPE = 'mcp-resource-example';

/** What of a client is read by anything: no secret, no registration token. */
const FIELDS = [
  'id',
  'clientId',
  'name',
  'baseUrl',
  'enabled',
  'protocol',
  'publicClient',
  'bearerOnly',
  'consentRequired',
  'fullScopeAllowed',
  'standardFlowEnabled',
  'implicitFlowEnabled',
  'directAccessGrantsEnabled',
  'serviceAccountsEnabled',
  'redirectUris',
  'attributes',
  'defaultClientScopes',
  'optionalClientScopes',
];

interface Component {
  id: string;
  providerId: string;
  subType?: string;
  config: Record<string, string[]>;
}

/** A realm where these hosts may register, with a scope that products may name. */
async function openRealm(realm: Realm, hosts: readonly string[]): Promise<void> {
  const { admin } = realm;
  const { id } = await admin.post(realm.path('client-scopes'), { name: SCOPE, protocol: 'openid-connect' });
  await admin.put(realm.path(`default-optional-client-scopes/${id}`));
  const components = await admin.get<Component[]>(realm.path('components'));
  const set = async (providerId: string, config: Record<string, string[]>) => {
    for (const one of components.filter(
      (each) => each.providerId === providerId && each.subType === 'anonymous',
    ))
      await admin.put(realm.path(`components/${one.id}`), { ...one, config: { ...one.config, ...config } });
  };
  await set('trusted-hosts', {
    'trusted-hosts': [...hosts],
    'host-sending-registration-request-must-match': ['false'],
  });
  await set('allowed-client-templates', { 'allowed-client-scopes': ['openid'] });
}

/** The client of a product as Keycloak returns it right after it registered itself. */
async function capture(realm: Realm, preset: Preset): Promise<Record<string, unknown>> {
  const scope = registeredScope(preset.scopes, { challenge: SCOPE, metadata: [SCOPE], issuer: [SCOPE] });
  const response = await fetch(`${realm.issuer}/clients-registrations/openid-connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...preset.registration, ...(scope === undefined ? {} : { scope }) }),
  });
  const answer = (await response.json()) as { client_id?: string };
  if (response.status !== 201)
    throw new Error(`${preset.name}: ${response.status} ${JSON.stringify(answer)}`);
  const query = `clients?clientId=${encodeURIComponent(answer.client_id ?? '')}`;
  const [found = {}] = await realm.admin.get<Record<string, unknown>[]>(realm.path(query));
  return Object.fromEntries(FIELDS.filter((field) => field in found).map((field) => [field, found[field]]));
}

const { positionals } = parseArgs({ allowPositionals: true });
const presets = PRESETS.filter(({ name }) => positionals.includes(name));
if (positionals.length === 0 || presets.length !== positionals.length) {
  const names = PRESETS.map(({ name }) => name).join(', ');
  process.stderr.write(`npm run capture -- <product>…\n\nProducts: ${names}\n`);
  process.exit(2);
}
const server = await obtainKeycloak({ start: () => startKeycloak({}) });
try {
  const realm = await createRealm(server, 'capture');
  try {
    await openRealm(
      realm,
      presets.flatMap(({ trustedHosts }) => trustedHosts),
    );
    const all = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, unknown>;
    for (const preset of presets) all[preset.name] = await capture(realm, preset);
    writeFileSync(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
    // As the linter wants it: short lists in one line.
    spawnSync(process.execPath, [BIOME, 'format', '--write', fileURLToPath(FILE)], { stdio: 'ignore' });
    process.stdout.write(`Captured: ${positionals.join(', ')}\n`);
  } finally {
    await realm.remove();
  }
} finally {
  await server.stop();
}
