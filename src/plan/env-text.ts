import { McpkcError } from '../errors.ts';

/** The formats of an environment block. */
export const ENV_FORMATS = ['dotenv', 'json', 'compose', 'k8s', 'fastmcp', 'spring', 'quarkus'] as const;
export type EnvFormat = (typeof ENV_FORMATS)[number];

/** An environment block in one of the formats, ending in a newline. `name` is a DNS label: of the service, of the map. */
export function envText(env: Readonly<Record<string, string>>, format: EnvFormat, name: string): string {
  switch (format) {
    case 'dotenv':
      return dotenv(env);
    case 'json':
      return `${JSON.stringify(env, undefined, 2)}\n`;
    case 'compose':
      return compose(env, name);
    case 'k8s':
      return configMap(env, name);
    case 'fastmcp':
      return fastmcp(env, name);
    case 'spring':
      return spring(env);
    case 'quarkus':
      return quarkus(env);
  }
}

/** Facts that frameworks need, read from the block. */
function factsIn(env: Readonly<Record<string, string>>) {
  const { MCP_PUBLIC_BASE_URL: base = '', MCP_TRANSPORT_URL: url = '', OIDC_ISSUER: issuer = '' } = env;
  const list = (key: string) => (env[key] ?? '').split(',').filter((one) => one !== '');
  const path = url.startsWith('http') ? new URL(url).pathname : '/';
  return { base, url, issuer, path, audiences: list('OIDC_AUDIENCE'), scopes: list('ADVERTISE_SCOPES') };
}

/**
 * A server with FastMCP’s own means: the resource metadata, and tokens of this issuer for this resource alone. Tried with
 * FastMCP 4.2.3 (`RemoteAuthProvider`, `JWTVerifier`); its KeycloakAuthProvider demands `openid` of every token, which a
 * client that names scopes may not have.
 */
function fastmcp(env: Readonly<Record<string, string>>, name: string): string {
  const { base, issuer, path, audiences, scopes } = factsIn(env);
  // A JSON string is a string of Python, too.
  const text = (value: unknown) => JSON.stringify(value);
  return `# FastMCP 3 or later (tried with 4.2.3): pip install fastmcp
from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier

ISSUER = ${text(issuer)}

auth = RemoteAuthProvider(
    token_verifier=JWTVerifier(
        jwks_uri=ISSUER + "/protocol/openid-connect/certs",
        issuer=ISSUER,
        audience=${text(audiences)},
    ),
    authorization_servers=[ISSUER],
    base_url=${text(base)},
    scopes_supported=${text(scopes)},
)

mcp = FastMCP(${text(name)}, auth=auth)

if __name__ == "__main__":
    # Behind the proxy that serves ${base.replaceAll(/[\p{Cc}]/gu, '')}
    mcp.run(transport="http", host="127.0.0.1", port=8000, path=${text(path)})
`;
}

/** Properties of Spring Boot’s resource server (from its documentation; not tried): the metadata is code, by `protectedResourceMetadata`. */
function spring(env: Readonly<Record<string, string>>): string {
  const { issuer, audiences, url, scopes } = factsIn(env);
  const list = audiences.map((one) => `            - ${JSON.stringify(one)}\n`).join('');
  const scopeLines = scopes.map((scope) => `#       metadata.scope(${JSON.stringify(scope)});\n`).join('');
  return `# Spring Boot 4, application.yaml (from Spring's documentation; not tried by mcpkc's tests)
spring:
  security:
    oauth2:
      resourceserver:
        jwt:
          issuer-uri: ${JSON.stringify(issuer)}
          audiences:
${list}# The resource metadata (Spring Security 7), in the SecurityFilterChain:
#   http.oauth2ResourceServer((server) -> server.jwt(withDefaults())
#     .protectedResourceMetadata((it) -> it.protectedResourceMetadataCustomizer((metadata) -> {
#       metadata.resource(${JSON.stringify(url)});
#       metadata.authorizationServer(${JSON.stringify(issuer)});
${scopeLines}#     })));
`;
}

/** Properties of Quarkus OIDC, tried with 3.33.2. Its challenge names https for each server, unless told otherwise. */
function quarkus(env: Readonly<Record<string, string>>): string {
  const { issuer, audiences, url, path, scopes } = factsIn(env);
  // Quoting of application.properties: a backslash and an expression begin something else (java.util.Properties,
  // SmallRye Config).
  const value = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('$', '\\\\$');
  const lines = [
    '# Quarkus, application.properties (tried with quarkus-oidc 3.33.2)',
    `quarkus.oidc.auth-server-url=${value(issuer)}`,
    `quarkus.oidc.token.issuer=${value(issuer)}`,
    `quarkus.oidc.token.audience=${value(audiences.join(','))}`,
    'quarkus.oidc.resource-metadata.enabled=true',
    `quarkus.oidc.resource-metadata.resource=${value(url)}`,
    ...(url.startsWith('http:') ? ['quarkus.oidc.resource-metadata.force-https-scheme=false'] : []),
    ...(scopes.length === 0 ? [] : [`quarkus.oidc.resource-metadata.scopes=${value(scopes.join(','))}`]),
    `quarkus.http.auth.permission.mcp.paths=${value(path === '/' ? '/*' : `${path},${path}/*`)}`,
    'quarkus.http.auth.permission.mcp.policy=authenticated',
  ];
  return `${lines.join('\n')}\n`;
}

/** `KEY=value` lines, as Node's `--env-file`, Docker and systemd read them; quoted only where it can't be avoided. */
function dotenv(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([key, value]) => `${key}=${dotenvValue(key, value)}`);
  return `${lines.join('\n')}\n`;
}

/**
 * A value in a form that its reader returns byte for byte: bare where it has nothing special, else quoted. The quotes
 * are the first kind that it doesn't hold; single ones come first, since only they keep Docker Compose from replacing
 * `$…`.
 */
function dotenvValue(key: string, value: string): string {
  if (/^[\w@%+:,./~-]+$/.test(value)) return value;
  const quote = ["'", '"', '`'].find((one) => !value.includes(one) && !(one === '"' && value.includes('\\')));
  if (quote !== undefined && !/[\p{Cc}]/u.test(value)) return `${quote}${value}${quote}`;
  throw new McpkcError(
    'INPUT_INVALID',
    `${key} holds characters that a dotenv file can’t carry.`,
    'Use --format json.',
  );
}

/** A service of a compose file. There `$` begins a variable and is written twice (Compose specification, interpolation). */
function compose(env: Readonly<Record<string, string>>, name: string): string {
  const lines = yamlEntries(env, '      ', (value) => value.replaceAll('$', '$$$$'));
  return `services:\n  ${name}:\n    environment:\n${lines}`;
}

/** A ConfigMap for `envFrom`; nothing in the block is a secret. */
function configMap(env: Readonly<Record<string, string>>, name: string): string {
  const head = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}-env\n`;
  const use = `# In the container: envFrom: [{ configMapRef: { name: ${name}-env } }]\n`;
  return `${use}${head}data:\n${yamlEntries(env, '  ')}`;
}

/** YAML 1.2 accepts every JSON string as a double-quoted scalar. */
function yamlEntries(
  env: Readonly<Record<string, string>>,
  indent: string,
  written: (value: string) => string = (value) => value,
): string {
  return Object.entries(env)
    .map(([key, value]) => `${indent}${key}: ${JSON.stringify(written(value))}\n`)
    .join('');
}
