import { expect, it } from 'vitest';
import { adminRequestError, type KeycloakPlace } from '../../../src/keycloak/connection/failures.ts';

const PLACE: KeycloakPlace = {
  server: 'https://sso.example.com/auth',
  realm: 'mcp',
  account: 'mcpkc',
  roleClient: 'realm-management',
};
const tokenOf = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
const refused = (status: number, attempt: object, claims?: object) =>
  adminRequestError(
    Object.assign(new Error('no'), { response: { status } }),
    { what: 'read the realm', role: 'manage-clients', ...attempt },
    PLACE,
    claims === undefined ? 'opaque' : tokenOf(claims),
  );

it.each([
  [
    'no aud',
    {},
    /it has no aud, and Keycloak 26\.8\.2 and later take only tokens whose aud names the admin API/,
    /client scope kc-admin-api.*\nmcpkc init --server \S+ --realm mcp$/,
  ],
  ['another aud', { aud: 'realm-management' }, /its aud is 'realm-management'/, /kc-admin-api/],
  [
    'an MCP server with admin in its host',
    { aud: ['https://admin.example.com/mcp'] },
    /its aud is 'https:\/\/admin/,
    /kc-admin-api/,
  ],
  [
    'the admin API elsewhere',
    { aud: 'https://kc.internal/auth/admin/realms/mcp' },
    /names the admin API at https:\/\/kc\.internal\/auth\/admin\/realms\/mcp, and it was sent to https:\/\/sso/,
    /KC_SERVER/,
  ],
  [
    'the admin API here',
    { aud: ['x', 'https://sso.example.com/auth/admin'] },
    /so it is something else/,
    /^Keycloak’s log/,
  ],
  ['DPoP', { cnf: { jkt: 'x' } }, /bound to DPoP/, /Exempt mcpkc’s client/],
  ['a certificate', { cnf: { 'x5t#S256': 'x' } }, /bound to a certificate/, /Exempt/],
])('a 401 is explained by the token: %s', (_what, claims, message, fix) => {
  const error = refused(401, {}, claims);
  expect(error).toMatchObject({ code: 'NOT_AUTHORISED', exitStatus: 4 });
  expect(error.message).toMatch(message);
  expect(error.fix).toMatch(fix);
  expect(error.message + error.fix).not.toContain('--hostname=');
});

it('an opaque token tells nothing, and what it says of itself can do nothing on a terminal', () => {
  expect(refused(401, {}).message).toContain('opaque');
  expect(refused(401, {}, { aud: '\u001b[31mred' }).message).not.toContain('\u001b');
});

const roles = (...names: string[]) => ({ resource_access: { 'realm-management': { roles: names } } });

it.each([
  ['holds the old role', roles('manage-clients'), "'manage-realm'", 'manage-realm'],
  ['holds neither', roles('view-clients'), "'manage-clients'", 'manage-clients'],
  ['tells none', {}, "'manage-clients' or 'manage-realm'", 'manage-clients'],
])('who writes a mapper and %s is told which role', (_what, claims, words, role) => {
  const error = refused(403, { newerRole: 'manage-realm' }, claims);
  expect(error.message).toContain(`it lacks the role ${words} of the client`);
  expect(error.details).toMatchObject({ role });
});
