import { McpkcError } from '../../errors.ts';
import { ADMIN_API_SCOPE } from '../../realm/roles.ts';
import { formatCommand, visible } from '../../text.ts';
import type { KeycloakPlace } from './failures.ts';
import { adminAudiencesIn, audiencesIn, bindingOf, type Claims } from './token-claims.ts';

/**
 * A 401 of the admin API to a token that Keycloak had just issued (exit status 4), explained by the token itself. It is
 * bound to DPoP or a certificate, or not for the admin API, or for the admin API at another address. From 26.8.2 on
 * Keycloak demands an audience that the client scope `kc-admin-api` adds. It creates the scope and assigns it to
 * admin-cli and security-admin-console alone (upgrading guide of 26.8.2). `details.lacks` names that scope where it is
 * missing.
 */
export function tokenRefusedError(
  what: string,
  place: KeycloakPlace,
  claims: Claims | undefined,
  cause: unknown,
): McpkcError {
  const { message, fix, lacks } = reasonOf(place, claims);
  return new McpkcError(
    'NOT_AUTHORISED',
    `Keycloak refused the token of '${place.account}' (401) to ${what}: ${message}.`,
    fix,
    {
      cause,
      details: { status: 401, audience: audiencesIn(claims), ...(lacks === undefined ? {} : { lacks }) },
    },
  );
}

const LOG = 'Keycloak’s log shows why it refused the token.';

/** The reason why the admin API may have refused a token, and the fix, in words. */
export function reasonOf(
  { server, realm }: Pick<KeycloakPlace, 'server' | 'realm'>,
  claims: Claims | undefined,
): { message: string; fix: string; lacks?: string } {
  if (claims === undefined) return { message: 'the token is opaque and doesn’t tell why', fix: LOG };
  const binding = bindingOf(claims);
  if (binding !== undefined) {
    return {
      message: `the token is bound to ${binding}, and mcpkc sends plain bearer tokens`,
      fix: `Exempt mcpkc’s client from the setting or the client policy that demands ${binding}.`,
    };
  }
  const forAdminApi = adminAudiencesIn(claims);
  if (forAdminApi.length === 0) {
    const audiences = audiencesIn(claims).map((one) => `'${visible(one)}'`);
    const said = audiences.length === 0 ? 'it has no aud' : `its aud is ${audiences.join(', ')}`;
    return {
      message: `${said}, and Keycloak 26.8.2 and later take only tokens whose aud names the admin API`,
      fix: `To assign the account the client scope ${ADMIN_API_SCOPE}, which does that, signing in once as an administrator (on an older server see Keycloak’s log):\n${formatCommand(['init', ['--server', server], ['--realm', realm]])}`,
      lacks: ADMIN_API_SCOPE,
    };
  }
  const here = forAdminApi.some((one) => one === `${server}/admin` || one.startsWith(`${server}/admin/`));
  const named = forAdminApi.map((one) => visible(one)).join(', ');
  return here
    ? { message: `its aud names the admin API (${named}), so it is something else`, fix: LOG }
    : {
        message: `its aud names the admin API at ${named}, and it was sent to ${server}`,
        fix: `Name the address that the token is for (KC_SERVER), or fix Keycloak’s hostname (--hostname-admin). ${LOG}`,
      };
}
