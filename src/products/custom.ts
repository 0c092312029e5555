import { z } from 'zod';
import { McpkcError } from '../errors.ts';
import { hasInvisible } from '../text.ts';
import { PRESETS } from './index.ts';
import { patternProblem } from './pattern.ts';
import type { Preset } from './preset.ts';
import { exampleRedirect, redirect, redirectHost } from './redirect.ts';

/** A fault in the configuration's `presets`, with where it is: `presets[0].redirectUris[1]`. */
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
  else if (!/^https?:/.test(text)) context.addIssue({ code: 'custom', message: 'is no https URL' });
});

const words = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(200, 'is longer than 200 characters')
  .refine((text) => !hasInvisible(text), 'has a character that can’t be seen');

const Entry = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'takes 1 to 40 of a-z, 0-9 and -'),
  title: words.optional(),
  redirectUris: z.array(pattern).min(1, 'is empty').max(50, 'has more than 50 entries'),
  clientUri: homepage.optional(),
  clientNames: z.array(words).max(50, 'has more than 50 entries').optional(),
});

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

function presetFrom({
  name,
  title,
  redirectUris,
  clientUri,
  clientNames = [],
}: z.infer<typeof Entry>): Preset {
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
    registration: {
      client_name: clientNames[0] ?? title ?? name,
      ...(clientUri === undefined ? {} : { client_uri: clientUri }),
      redirect_uris: patterns.map((uri) => exampleRedirect(uri, 40_000, 'example')),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: hosted ? 'client_secret_basic' : 'none',
    },
    requestedScopes: [],
    registersTwice: 'unknown',
    registersPerLogin: 'unknown',
    reregisters: 'unknown',
    notes: [],
    sources: [],
    custom: true,
  };
}

/** The presets that the configuration's `presets` describe, or every fault in them. */
export function parsePresets(entries: readonly unknown[]): { presets: Preset[]; problems: PresetProblem[] } {
  const parsed = z.array(Entry).max(100, 'has more than 100 entries').safeParse(entries);
  const faults = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    path: `presets${place(path)}`,
    message,
  }));
  const problems = [...faults, ...nameProblems(entries)];
  return { presets: problems.length === 0 ? (parsed.data ?? []).map(presetFrom) : [], problems };
}

/** The configured presets; throws CONFIG_INVALID with every fault. `origin` is the file that they stand in. */
export function customPresets(entries: readonly unknown[], origin?: string): Preset[] {
  const { presets, problems } = parsePresets(entries);
  if (problems.length === 0) return presets;
  const list = problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
  throw new McpkcError(
    'CONFIG_INVALID',
    `The client presets${origin === undefined ? '' : ` in ${origin}`} have faults:\n${list}`,
    'Each needs a name and redirectUris; clientUri, clientNames and title are optional. config.sample.json has one.',
    { details: { problems } },
  );
}
