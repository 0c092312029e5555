import { z } from 'zod';
import { McpkcError } from '../errors.ts';
import { parseHost } from '../names/host-name.ts';
import { hasInvisible } from '../text.ts';
import { PRESETS } from './index.ts';
import { patternProblem } from './pattern.ts';
import type { Preset } from './preset.ts';
import { exampleRedirect, redirect, redirectHost } from './redirect.ts';
import type { ScopeRule } from './scopes.ts';
import { presetOn, SELF_HOSTED } from './self-hosted.ts';

/** A fault in the configuration's `presets`, with its place: `presets[0].redirectUris[1]`. */
export interface PresetProblem {
  path: string;
  message: string;
}

const pattern = z.string().superRefine((text, context) => {
  const problem = patternProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

const homepage = z.string().superRefine((text, context) => {
  const problem = /[<{]/.test(text) ? 'has a placeholder' : patternProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  else if (!/^https?:/.test(text)) context.addIssue({ code: 'custom', message: 'is not a https URL' });
});

const words = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(200, 'is longer than 200 characters')
  .refine((text) => !hasInvisible(text), 'has a character that can’t be seen');

const ANSWER = z.enum(['yes', 'no', 'unknown']);
const scopeName = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is not a scope name');
const many = <T extends z.ZodType>(item: T) => z.array(item).max(50, 'has more than 50 entries');
const host = z.string().superRefine((text, context) => {
  if (!('value' in parseHost(text.toLowerCase())))
    context.addIssue({ code: 'custom', message: 'is not a host name' });
});
const origin = z
  .string()
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'is not an origin (https://app.example.com)',
  );
const documentUrl = z
  .string()
  .refine((text) => text.startsWith('https://') && patternProblem(text) === undefined, 'is not a https URL');

/** The shape of an entry of the configuration's `presets`; all but a name and redirect URIs may be left out. */
export const presetEntry = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'takes 1 to 40 of a-z, 0-9 and -'),
    title: words.optional(),
    like: z.enum(SELF_HOSTED.map(({ name }) => name)).optional(),
    host: host.optional(),
    redirectUris: many(pattern).min(1, 'is empty').optional(),
    clientUri: homepage.optional(),
    clientNames: many(words).optional(),
    clientNamePrefixes: many(words).optional(),
    trustedHosts: many(host).optional(),
    authMethod: z.enum(['none', 'client_secret_basic', 'client_secret_post']).optional(),
    scopes: z
      .strictObject({
        from: many(z.enum(['challenge', 'metadata', 'issuer', 'registered'])),
        offline: z.boolean().default(false),
        registers: z.enum(['same', 'nothing', 'same-or-empty']).default('same'),
        otherwise: words.optional(),
      })
      .optional(),
    requestedScopes: many(scopeName).optional(),
    origins: many(origin).optional(),
    registersInBrowser: z.enum(['always', 'sometimes']).optional(),
    comparesResource: z.enum(['exact', 'prefix', 'unknown']).optional(),
    document: documentUrl.optional(),
    registersTwice: ANSWER.optional(),
    registersPerLogin: ANSWER.optional(),
    reregisters: z.enum(['by-itself', 'at-login', 'after-removal', 'unknown']).optional(),
    connect: many(words).optional(),
    withClient: z
      .strictObject({ secret: z.enum(['none', 'text', 'json']), steps: many(words).min(1, 'is empty') })
      .optional(),
    notes: many(words).optional(),
  })
  .superRefine(({ like, host: where, redirectUris }, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (like === undefined && redirectUris === undefined) fault('redirectUris', 'is missing');
    if (like !== undefined && where === undefined) fault('host', `is missing: where ${like} runs`);
    if (like === undefined && where !== undefined) fault('host', 'goes with like');
    if (like !== undefined && redirectUris !== undefined) fault('redirectUris', `is known of ${like}`);
  });

type Described = z.infer<typeof presetEntry>;

function place(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
}

function nameProblems(entries: readonly unknown[]): PresetProblem[] {
  const seen = new Set(PRESETS.map(({ name }) => name));
  const builtIn = new Set(seen);
  return entries.flatMap((entry, index) => {
    const name = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined;
    if (typeof name !== 'string' || !seen.has(name)) {
      if (typeof name === 'string') seen.add(name);
      return [];
    }
    const message = builtIn.has(name)
      ? 'is the name of a built-in preset'
      : 'is the name of an earlier entry';
    return [{ path: `presets[${index}].name`, message }];
  });
}

function presetFrom(entry: Described): Preset {
  const { name, like, host: where } = entry;
  const known = SELF_HOSTED.find((product) => product.name === like);
  const base = known && where ? presetOn(where.toLowerCase(), known, name) : bare(entry);
  const { title, clientNames, clientNamePrefixes, document, trustedHosts = [], ...rest } = entry;
  const { authMethod, requestedScopes, origins, connect, notes } = rest;
  const scopes = rest.scopes && scopeRule(rest.scopes);
  return {
    ...base,
    ...(title === undefined ? {} : { title }),
    ...(clientNames === undefined ? {} : { clientNames }),
    ...(clientNamePrefixes === undefined ? {} : { clientNamePrefixes }),
    ...(document === undefined ? {} : { cimdUrl: document }),
    trustedHosts: [...new Set([...base.trustedHosts, ...trustedHosts.map((one) => one.toLowerCase())])],
    ...(scopes === undefined ? {} : { scopes, sendsScope: scopes.registers === 'nothing' ? 'no' : 'yes' }),
    registration: {
      ...base.registration,
      ...(authMethod === undefined ? {} : { token_endpoint_auth_method: authMethod }),
    },
    requestedScopes: requestedScopes ?? base.requestedScopes,
    origins: origins ?? base.origins,
    ...(rest.registersInBrowser === undefined ? {} : { registersInBrowser: rest.registersInBrowser }),
    ...(rest.withClient === undefined ? {} : { withClient: rest.withClient }),
    comparesResource: rest.comparesResource ?? base.comparesResource,
    registersTwice: rest.registersTwice ?? base.registersTwice,
    registersPerLogin: rest.registersPerLogin ?? base.registersPerLogin,
    reregisters: rest.reregisters ?? base.reregisters,
    connect: connect ?? base.connect,
    notes: notes ?? base.notes,
  };
}

function scopeRule({ from, offline, registers, otherwise }: NonNullable<Described['scopes']>): ScopeRule {
  return { from, offline, registers, ...(otherwise === undefined ? {} : { otherwise }) };
}

/** A preset of which nothing is known but redirect URIs, and names where the entry has some. */
function bare({ name, title, redirectUris = [], clientUri, clientNames = [] }: Described): Preset {
  const patterns = redirectUris.map(redirect);
  const hosts = patterns.map(redirectHost);
  const hosted = redirectUris.some((uri) => uri.startsWith('https:'));
  return {
    name,
    title: title ?? name,
    clientNames,
    redirectUris: patterns,
    trustedHosts: [...new Set(clientUri === undefined ? hosts : [...hosts, new URL(clientUri).hostname])],
    ...(clientUri === undefined ? {} : { clientUri }),
    sendsScope: 'unknown',
    scopes: { from: ['challenge', 'metadata'], offline: false, registers: 'same' },
    registration: {
      client_name: clientNames[0] ?? title ?? name,
      ...(clientUri === undefined ? {} : { client_uri: clientUri }),
      redirect_uris: patterns.map((uri) => exampleRedirect(uri, 40_000, 'example')),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: hosted ? 'client_secret_basic' : 'none',
    },
    requestedScopes: [],
    origins: [],
    comparesResource: 'unknown',
    registersTwice: 'unknown',
    registersPerLogin: 'unknown',
    reregisters: 'unknown',
    connect: ['Add an MCP server (HTTP) with the URL {mcp} and sign in when asked.'],
    notes: [],
    sources: [],
    custom: true,
  };
}

/** The presets that the configuration's `presets` describe, without those that have a fault, and every fault. */
export function parsePresets(entries: readonly unknown[]): { presets: Preset[]; problems: PresetProblem[] } {
  const tooMany = entries.length > 100 ? [{ path: 'presets', message: 'has more than 100 entries' }] : [];
  const parsed = entries.slice(0, 100).map((entry) => presetEntry.safeParse(entry));
  const faults = parsed.flatMap(({ error }, index) =>
    (error?.issues ?? []).map(({ path, message }) => ({ path: `presets[${index}]${place(path)}`, message })),
  );
  const problems = [...tooMany, ...faults, ...nameProblems(entries)];
  const faulty = new Set(problems.map(({ path }) => /^presets\[(\d+)\]/.exec(path)?.[1]));
  const presets = parsed.flatMap(({ data }, index) =>
    data === undefined || faulty.has(String(index)) ? [] : presetFrom(data),
  );
  return { presets, problems };
}

/** The configured presets; throws CONFIG_INVALID with every fault. `origin` is the file that they stand in. */
export function customPresets(entries: readonly unknown[], origin?: string): Preset[] {
  const { presets, problems } = parsePresets(entries);
  if (problems.length === 0) return presets;
  const list = problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
  throw new McpkcError(
    'CONFIG_INVALID',
    `The client presets${origin === undefined ? '' : ` in ${origin}`} have faults:\n${list}`,
    'Each needs a name and redirectUris (or like and host); the rest is optional. config.sample.json has one, docs/reference.md every key.',
    { details: { problems } },
  );
}
