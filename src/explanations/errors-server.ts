import type { ErrorCode } from '../errors.ts';
import {
  ADMIN_GUIDE,
  type Explanation,
  HOSTNAME_GUIDE,
  PROXY_GUIDE,
  SEEN,
  UPGRADING_GUIDE,
} from '../explanation.ts';

/** Errors that end with exit status 3 or 4: Keycloak or the MCP server can't be reached, fails, or refuses mcpkc. */
export const SERVER_ERRORS: Partial<Record<ErrorCode, Explanation>> = {
  KEYCLOAK_UNREACHABLE: {
    what: 'No connection to Keycloak came about.',
    cause:
      'It isn’t running, KC_SERVER names another host or port, a firewall or a proxy (HTTPS_PROXY, NO_PROXY) is in between, or the name can’t be looked up.',
    fix: 'Check KC_SERVER with curl from the same machine. --wait 60s waits for a Keycloak that is still starting.',
    sources: [],
  },
  KEYCLOAK_STARTING: {
    what: 'The address answers 503: Keycloak is still starting, or the proxy in front has no server behind it.',
    cause: 'A first boot takes about half a minute; a proxy answers 503 while no backend is healthy.',
    fix: '--wait 60s waits. If it lasts, look at Keycloak’s log and the proxy’s health check.',
    sources: [PROXY_GUIDE],
  },
  KEYCLOAK_ERROR: {
    what: 'Keycloak answered in a way that mcpkc can’t go on with; the message has its words.',
    cause: 'A fault in Keycloak or its database, or a proxy that answers in its place.',
    fix: 'Keycloak’s log of that time shows more. The command can be run again: it does what is left to do.',
    sources: [],
  },
  KEYCLOAK_BUSY: {
    what: 'Keycloak or a proxy in front of it refuses requests for now (429), also after waiting.',
    cause: 'A rate limit, often of the proxy.',
    fix: 'Run the command later; or let the machine that administers past the limit.',
    sources: ['RFC 6585 §4'],
  },
  KEYCLOAK_TIMEOUT: {
    what: 'Keycloak did not answer in time.',
    cause: 'It is overloaded, its database is slow, or a firewall drops packets silently.',
    fix: '--request-timeout 60s waits longer (or MCPKC_REQUEST_TIMEOUT). A request that was cut off may still have been carried out; running the command again finds out.',
    sources: [],
  },
  TLS_FAILED: {
    what: 'There is no trusted TLS connection to the server.',
    cause:
      'Its certificate is signed by an authority that this machine doesn’t know, has expired, or is for another name; or it speaks plain http at this port.',
    fix: '--ca-file <pem> (MCPKC_CA_FILE) names a private authority. Otherwise fix the certificate, or the scheme, host and port of the URL. There is no option to skip the check.',
    sources: ['RFC 5280, RFC 6125'],
  },
  MCP_SERVER_UNREACHABLE: {
    what: 'No connection to the MCP server came about.',
    cause:
      'It isn’t running, its URL is misspelled, its name can’t be looked up from here, or a firewall is in between.',
    fix: 'Check the URL with curl from the same machine.',
    sources: [],
  },
  PORT_BLOCKED: {
    what: 'Node’s fetch refuses to talk to this port, whatever listens there.',
    cause:
      'The port is on the list of ports that browsers and fetch block, since they belong to other protocols (5060, 5061, 6000, 10080 …).',
    fix: 'Start the server on another port, such as 8080.',
    sources: ['https://fetch.spec.whatwg.org/#port-blocking'],
  },
  CHANGE_NOT_KEPT: {
    what: 'Something that was written wasn’t there when it was read back.',
    cause:
      'Somebody else edits the same list at the same time: Keycloak’s last write wins. Or a proxy or a mirror answers reads from an older state.',
    fix: 'Run the command again; it writes only what is missing. Edits that go through mcpkc wait for each other.',
    sources: [SEEN],
  },
  NOT_WITHDRAWN: {
    what: 'mcpkc onboard could not take the audience back from clients that held it for the time being. Each was judged before it got it; the record of the realm names them.',
    cause: 'Keycloak could not be reached any more, or a role was revoked meanwhile.',
    fix: 'Any command that writes revokes it by the record, for example mcpkc onboard <resource> --close, as soon as Keycloak answers.',
    sources: [],
  },
  WRONG_SECRET: {
    what: 'Keycloak knows the service account, but not its secret or key.',
    cause:
      'The secret was regenerated, or KC_CLIENT_SECRET comes from somewhere else than meant: the environment wins over .keycloak-env. An account with a key (init --key) takes no secret, and no key but the newest: KC_CLIENT_KEY_FILE names its file.',
    fix: 'Take the secret from the client’s Credentials tab, or make a new secret or key: mcpkc init --rotate-secret. Back from a key to a secret: mcpkc init --no-key.',
    sources: [SEEN],
  },
  ACCOUNT_NOT_FOUND: {
    what: 'The realm has no enabled client with the id of the service account.',
    cause:
      'KC_CLIENT_ID is misspelled, the client is disabled or gone, or it lives in master and KC_ADMIN_REALM doesn’t name it. Keycloak gives the same answer where the realm doesn’t let clients authenticate with id and secret (BASIC_AUTH_DISABLED).',
    fix: 'mcpkc init makes the account or repairs it. For one in master: KC_ADMIN_REALM=master.',
    sources: [SEEN],
  },
  SERVICE_ACCOUNT_DISABLED: {
    what: 'The client is there, but can’t get tokens for itself.',
    cause: "'Service accounts roles' (client credentials) is off, or the client is public.",
    fix: 'mcpkc init repairs it. By hand: the client’s Settings, Client authentication on, Service accounts roles on.',
    sources: [ADMIN_GUIDE],
  },
  ADMIN_LOGIN_FAILED: {
    what: 'mcpkc init could not sign in as an administrator.',
    cause:
      'Wrong name or password, the wrong realm (--admin-realm, master unless told), or an administrator who needs a second factor.',
    fix: 'Check the three; --admin-token-file takes the access token of an administrator who signed in elsewhere.',
    sources: [ADMIN_GUIDE],
  },
  ROLE_MISSING: {
    what: 'The service account may not do what the command needs; the message names the role.',
    cause: 'The account was made with fewer roles, with --read-only, or by hand.',
    fix: 'mcpkc init grants what is missing, signing in once as an administrator; mcpkc init --dry-run prints the same as kcadm lines.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  SECRET_MASKED: {
    what: 'Keycloak shows a client’s secret as ********** only, so it can’t be kept or handed on.',
    cause:
      'From Keycloak 26.8.0 on a secret is shown only to those who may manage the client; the account, or the administrator, may view clients and not manage this one.',
    fix: 'Grant the account the role manage-clients (mcpkc init does), or sign in as an administrator who has it. With fine-grained permissions: the right to manage the clients in question.',
    sources: [UPGRADING_GUIDE],
  },
  NOT_AUTHORISED: {
    what: 'Keycloak refused a token that it had just issued, or wants TLS for it. The message shows which, by the token’s own claims.',
    cause:
      'Keycloak 26.8.2 and later take only tokens whose aud names the admin API (client scope kc-admin-api); a client policy or a setting binds the account’s tokens to DPoP or a certificate; the token is for the admin API at another address; or the realm demands TLS from this address and the proxy doesn’t say that it was used.',
    fix: 'mcpkc init assigns the scope kc-admin-api to the account where the realm has it. Exempt mcpkc’s client from DPoP and certificates. Behind a proxy start Keycloak with --proxy-headers=xforwarded, and let the proxy set X-Forwarded-Proto.',
    sources: [UPGRADING_GUIDE, HOSTNAME_GUIDE, PROXY_GUIDE, SEEN],
  },
};
