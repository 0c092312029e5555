import type { Config } from '../config/load.ts';
import { inputError } from '../errors.ts';
import { isCimdOf } from '../products/dynamic.ts';
import { patternProblem } from '../products/pattern.ts';
import type { Preset } from '../products/preset.ts';
import { exactRedirects, type IssuerSays, preferredWay } from '../products/way.ts';
import { isBuiltIn } from '../realm/account.ts';
import type { NamedServer } from '../realm/mcp-server.ts';
import { RECORD_CLIENT } from '../realm/record.ts';
import { brief } from '../text.ts';

/** A command's wish for clients of products. */
export interface AllowWish {
  /** Undefined where a client is made of redirect URIs alone. */
  presets: readonly Preset[];
  by: 'document' | 'client' | undefined;
  clientId: string | undefined;
  /** `--redirect-uri`, as they were typed. */
  redirectUris: readonly string[];
}

/** One client that is to be there. */
export interface AllowTarget {
  preset: Preset | undefined;
  way: 'document' | 'client';
  clientId: string;
  name: string;
  redirectUris: string[];
  /** Redirect URIs of the product that can't be written down. */
  leftOut: string[];
  /** The form in which the product gets its secret; `none` for a public client. */
  secret: 'none' | 'text' | 'json';
  requestedScopes: readonly string[];
}

/** Checks the wish before anything is read; throws INPUT_INVALID. */
export function requireWish(
  { presets, by, clientId, redirectUris }: AllowWish,
  config: Pick<Config, 'realm' | 'clientId'>,
): void {
  const help = 'See mcpkc allow --help';
  for (const uri of redirectUris) {
    const problem = patternProblem(uri) ?? (uri.includes('{id}') ? '{id} is not exact' : undefined);
    if (problem !== undefined) throw inputError('--redirect-uri', `${brief(uri, 200)} ${problem}`, help);
  }
  if (presets.length === 0 && clientId === undefined)
    throw inputError('--client-id', 'a client without a preset needs a name', help);
  if (presets.length === 0 && redirectUris.length === 0)
    throw inputError('--redirect-uri', 'a client without a preset needs a redirect URI', help);
  if (presets.length > 1 && (clientId !== undefined || redirectUris.length > 0)) {
    throw inputError('--preset', 'a client id or redirect URI belongs to one product', 'Name one product.');
  }
  const [preset] = presets;
  if (by === 'document') requireDocuments(presets, clientId);
  if (clientId === undefined) return;
  const isUrl = /^https?:\/\//i.test(clientId);
  if (isUrl && preset && by !== 'document') {
    throw inputError(
      '--client-id',
      'a URL is the id of a metadata document',
      'Use --by document, or another id.',
    );
  }
  if (!/^[\x21-\x7e]{1,255}$/.test(clientId))
    throw inputError('--client-id', 'visible ASCII without blanks, at most 255 characters', help);
  if (isBuiltIn(clientId, config.realm ?? '') || clientId === RECORD_CLIENT || clientId === config.clientId)
    throw inputError(
      '--client-id',
      `'${clientId}' is Keycloak’s or mcpkc’s own client`,
      'Choose another id.',
    );
}

function requireDocuments(presets: readonly Preset[], clientId: string | undefined): void {
  if (presets.length === 0)
    throw inputError('--by', 'a document belongs to a product', 'Name it with --preset.');
  const without = presets.find(({ cimdUrl }) => cimdUrl === undefined);
  if (without) {
    const problem = `${without.title} has no client id metadata document that mcpkc knows`;
    throw inputError('--by', problem, 'Use --by client.');
  }
  const [preset] = presets;
  if (clientId !== undefined && preset && !isCimdOf(preset, clientId)) {
    const problem = `it is no metadata document of ${preset.title}`;
    throw inputError('--client-id', problem, `Leave it out: ${preset.cimdUrl}`);
  }
}

/** `mcp-svc-chatgpt`: the resource's name and the product's. */
export function clientIdFor(scope: string, { name }: Preset): string {
  const label = scope.replace(/^mcp-resource-?/, '').slice(0, 150) || 'server';
  return `mcp-${label}-${name}`;
}

/** The clients that a wish results in, in this realm and at this issuer. */
export function targetsOf(
  wish: AllowWish,
  here: Pick<NamedServer, 'scope' | 'ways'> & { issuer: IssuerSays },
): AllowTarget[] {
  const { presets } = wish;
  if (presets.length === 0) return [targetOf(wish, undefined, 'client', wish.clientId ?? '')];
  return presets.map((preset) => {
    const way = wish.by ?? (isUrlId(wish) ? 'document' : preferredWay(preset, here.issuer));
    const made = here.ways?.made.find((one) => one.way === way && one.products.includes(preset.name));
    const usual = way === 'document' ? (preset.cimdUrl ?? '') : clientIdFor(here.scope, preset);
    return targetOf(wish, preset, way, wish.clientId ?? made?.client.clientId ?? usual);
  });
}

function isUrlId({ clientId }: AllowWish): boolean {
  return clientId !== undefined && /^https:/i.test(clientId);
}

function targetOf(
  { redirectUris: asked }: AllowWish,
  preset: Preset | undefined,
  way: AllowTarget['way'],
  clientId: string,
): AllowTarget {
  const known = preset?.redirectUris.map(({ uri }) => uri) ?? [];
  const { exact, leftOut } = exactRedirects([...known, ...asked]);
  return {
    preset,
    way,
    clientId,
    name: preset?.title ?? clientId,
    redirectUris: exact,
    leftOut,
    secret: way === 'document' ? 'none' : secretOf(preset, exact),
    requestedScopes: preset?.requestedScopes ?? [],
  };
}

/** Confidential where the product keeps a secret; a product that runs on a user's machine can't. */
function secretOf(preset: Preset | undefined, redirectUris: readonly string[]): AllowTarget['secret'] {
  if (preset?.withClient) return preset.withClient.secret;
  if (preset) return preset.registration.token_endpoint_auth_method === 'none' ? 'none' : 'text';
  return redirectUris.every((uri) => uri.startsWith('https:')) ? 'text' : 'none';
}
