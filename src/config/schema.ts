import { z } from 'zod';

/** A key as the reader of values, the table of docs/configuration.md and the sample file need it. */
export interface ConfigKey {
  key: string;
  /** One line, for a table. */
  description: string;
  /** The value where none is given; a text for people where it is made from other keys. */
  default: string;
  /** Never printed, never logged, no flag. */
  secret: boolean;
  /** Only in the config file: neither environment nor credentials file. */
  fileOnly: boolean;
  /** The global flag that sets the same. */
  flag: string | undefined;
  /** The commands that need it; '' where it is optional. */
  requiredBy: string;
  /** The shape of the value in the config file. In environment and credentials file everything is text. */
  shape: z.ZodType;
}

const text = z.string({ error: 'it must be a text in quotes' });
const csv = z.union([text, z.array(text)], { error: 'it must be a text with commas, or a list of texts' });
const onOff = z.union([z.boolean(), text], { error: 'it must be true or false' });
const list = z.array(text, { error: 'it must be a list of texts' });
const anything = z.array(z.unknown(), { error: 'it must be a list' });

function key(name: string, shape: z.ZodType, description: string, more: Partial<ConfigKey> = {}): ConfigKey {
  const plain = { default: '', secret: false, fileOnly: false, flag: undefined, requiredBy: '' };
  return { key: name, description, shape: shape.describe(description), ...plain, ...more };
}

const TALKERS = 'all that talk to Keycloak';
const ACCOUNT = 'all that talk to Keycloak but `init`; `validate` without it runs from outside';

/** Every key, in the order of that table. */
export const CONFIG_KEYS: readonly ConfigKey[] = [
  key('KC_SERVER', text, 'base URL for admin and token requests, relative path included', {
    default: 'http://127.0.0.1:5050/auth',
    flag: '--server',
  }),
  key('KC_REALM', text, 'realm that is provisioned', { flag: '--realm', requiredBy: TALKERS }),
  key('KC_ADMIN_REALM', text, 'realm the service account lives in: that of `KC_REALM` or `master`', {
    default: '`KC_REALM`',
  }),
  key('KC_CLIENT_ID', text, 'client id of the service account', { requiredBy: ACCOUNT }),
  key('KC_CLIENT_SECRET', text, 'its secret', { secret: true, requiredBy: ACCOUNT }),
  key('KC_CLIENT_SECRET_FILE', text, 'file that holds the secret, instead of `KC_CLIENT_SECRET`'),
  key(
    'KC_CLIENT_KEY_FILE',
    text,
    'file with the private key (PEM) of an account without a secret, instead of `KC_CLIENT_SECRET`',
  ),
  key('KC_HOSTNAME', text, 'public base URL of Keycloak, or a bare host, meaning https'),
  key('KC_HOSTNAME_ADMIN', text, 'base URL of the admin console, or a bare host, meaning https'),
  key('KC_ISSUER', text, 'issuer', { default: '`KC_HOSTNAME`, else `KC_SERVER`, + `/realms/` + `KC_REALM`' }),
  key('MCP_PUBLIC_BASE_URL', text, 'public origin of the MCP server'),
  key('MCP_TRANSPORT_URL', text, 'Streamable HTTP endpoint of the MCP server: the configured resource', {
    default: '`MCP_PUBLIC_BASE_URL` + `/mcp`, unless that has a path',
  }),
  key('MCP_SCOPE_NAME', text, 'audience client scope of the configured resource', {
    default: 'mcp-resource',
  }),
  key('OIDC_AUDIENCE', csv, 'list: URLs are audiences, anything else is the client id of a static client'),
  key('ALLOWED_ORIGINS', csv, 'list of extra origins that the MCP server accepts'),
  key('MCPKC_CA_FILE', text, 'PEM file with certificate authorities to trust besides the system’s', {
    flag: '--ca-file',
  }),
  key('MCPKC_ALLOW_HTTP', onOff, 'allow a secret over plain http to another machine', {
    default: 'false',
    flag: '--allow-http',
  }),
  key('MCPKC_REQUEST_TIMEOUT', text, 'give up on a request after this long', {
    default: '30s',
    flag: '--request-timeout',
  }),
  key('presets', anything, 'own client presets', { fileOnly: true }),
  key('protect', list, 'client ids, or globs of them, that are never pruned', { fileOnly: true }),
];

/** Names of all keys. */
export const KEY_NAMES: readonly string[] = CONFIG_KEYS.map((one) => one.key);
/** Names of the keys that environment and credentials file may hold. */
export const ENV_KEYS: readonly string[] = CONFIG_KEYS.filter((one) => !one.fileOnly).map((one) => one.key);
/** Names of the keys that only the config file may hold. */
export const FILE_ONLY_KEYS: readonly string[] = CONFIG_KEYS.filter((one) => one.fileOnly).map(
  (one) => one.key,
);

/** The default of a key that has a plain one; '' for the others. */
export function defaultOf(name: string): string {
  return CONFIG_KEYS.find((one) => one.key === name)?.default ?? '';
}
