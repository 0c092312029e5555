import { McpkcError } from '../errors.ts';

/** How an environment block can be written. */
export const ENV_FORMATS = ['dotenv', 'json', 'compose', 'k8s'] as const;
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
  }
}

/** `KEY=value` lines, as Node's `--env-file`, Docker and systemd read them; quoted only where it can't be avoided. */
function dotenv(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([key, value]) => `${key}=${dotenvValue(key, value)}`);
  return `${lines.join('\n')}\n`;
}

/**
 * A value that its reader gives back byte for byte: bare where it has nothing special, else in the first kind of quotes
 * that it doesn't hold (single ones first: only they keep Docker Compose from replacing `$…`).
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

/** YAML 1.2 takes every JSON string as a double-quoted scalar. */
function yamlEntries(
  env: Readonly<Record<string, string>>,
  indent: string,
  written: (value: string) => string = (value) => value,
): string {
  return Object.entries(env)
    .map(([key, value]) => `${indent}${key}: ${JSON.stringify(written(value))}\n`)
    .join('');
}
