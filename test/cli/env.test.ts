import { beforeAll, describe, expect, inject, it } from 'vitest';
import { main } from '../../src/main.ts';
import { createServiceAccount } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { memoryIo } from '../support/memory-io.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const realm = await useRealm('env');
let env: Record<string, string>;
let bare: Record<string, string>;

beforeAll(async () => {
  const account = await createServiceAccount(realm, 'mcpkc', ['view-clients']);
  bare = { KC_SERVER: inject('keycloak').url, KC_REALM: realm.name };
  env = { ...bare, KC_CLIENT_ID: account.clientId, KC_CLIENT_SECRET: account.secret };
});

async function run(args: readonly string[], variables: Record<string, string>) {
  const io = memoryIo({ env: variables });
  const status = await main(['env', ...args], io);
  return { status, out: io.out(), err: io.err() };
}

async function makeScope(name: string, attributes: Record<string, string>): Promise<string> {
  const body = { name, protocol: 'openid-connect', attributes };
  const { id } = await realm.admin.post(realm.path('client-scopes'), body);
  return id ?? '';
}

describe('mcpkc env', () => {
  it('takes scope and mode from the realm', async () => {
    const marks = { 'mcpkc.mode': 'standing', 'mcpkc.resource': RESOURCE };
    const id = await makeScope('tools', marks);
    const { status, out, err } = await run([RESOURCE, '--format', 'json'], {
      ...env,
      KC_ISSUER: 'https://auth.example.com/realms/x',
    });
    await realm.admin.del(realm.path(`client-scopes/${id}`));
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      MCP_TRANSPORT_URL: RESOURCE,
      OIDC_ISSUER: 'https://auth.example.com/realms/x',
      MCP_SCOPE_NAME: 'tools',
      ADVERTISE_SCOPES: 'tools',
    });
  });

  it('advertises the scope of mode adopted too', async () => {
    const marks = { 'mcpkc.mode': 'adopted', 'mcpkc.resource': 'https://other.example.com/mcp' };
    const id = await makeScope('other', marks);
    const { out } = await run(['other.example.com', '--json'], env);
    await realm.admin.del(realm.path(`client-scopes/${id}`));
    const document = JSON.parse(out);
    expect(document).toMatchObject({ schema: 'mcpkc/env/v1', mode: 'adopted', source: 'realm' });
    expect(document.env).toHaveProperty('ADVERTISE_SCOPES', 'other');
  });

  it('says that the realm has no scope for it yet, and the command that makes one', async () => {
    const { status, out, err } = await run([RESOURCE], env);
    expect(status).toBe(0);
    expect(out).toContain('MCP_SCOPE_NAME=mcp-resource-svc\n');
    expect(err).toContain(`mcpkc onboard ${RESOURCE}`);
  });

  it('goes by the configuration where no account is configured, and says so on stderr', async () => {
    const variables = { ...bare, MCP_TRANSPORT_URL: RESOURCE, MCP_SCOPE_NAME: 'mine' };
    const { status, out, err } = await run([], variables);
    expect(status).toBe(0);
    expect(out).toContain('MCP_SCOPE_NAME=mine\nADVERTISE_SCOPES=mine\n');
    expect(err).toContain('No service account is configured');
    expect(out).not.toContain('No service account');
  });

  it('warns of an issuer on this machine for a server on another', async () => {
    const far = await run([RESOURCE], env);
    expect(far.err).toContain(`OIDC_ISSUER is ${realm.issuer}`);
    expect(far.err).toContain('KC_HOSTNAME');
    const near = await run(['http://127.0.0.1:3000/mcp'], env);
    expect(near.out).toContain(`OIDC_ISSUER=${realm.issuer}`);
    expect(near.err).not.toContain('OIDC_ISSUER is');
  });

  it('fails where the configured account cannot sign in, rather than guess', async () => {
    const { status, out, err } = await run([RESOURCE], { ...env, KC_CLIENT_SECRET: 'wrong' });
    expect({ status, out }).toEqual({ status: 4, out: '' });
    expect(err).toContain('WRONG_SECRET');
  });

  it('names the formats where another one is wanted', async () => {
    const { status, err } = await run([RESOURCE, '--format', 'yaml'], bare);
    expect(status).toBe(2);
    expect(err).toContain('dotenv, json, compose, k8s');
  });
});
