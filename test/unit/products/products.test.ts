import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PRESETS } from '../../../src/products/index.ts';
import type { Preset } from '../../../src/products/preset.ts';
import { hasClientName, isRecorded } from '../../../src/products/preset.ts';
import { matchesAny } from '../../../src/products/redirect.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';
import {
  registeredScope,
  requestedScope,
  type ScopeRule,
  type ScopesMet,
} from '../../../src/products/scopes.ts';
import { SUITES } from '../../../tools/suites.ts';
import { DOCUMENTED_PRODUCTS, documentedRecording } from '../../products/documented.ts';
import { type RecordedRun, recordedProducts, recordingOf, requestsOf } from '../../products/recording.ts';
import { COMPARES_RESOURCE, DOCUMENTED_RULES, RECORDED_RULES } from '../../products/scope-rules.ts';
import { record } from '../../support/connectors/outcome.ts';

/** The preset of each recording; a client of one's own on an SDK is nobody's product. */
const PRESET_OF: Readonly<Record<string, string | undefined>> = {
  'inspector-cli': 'inspector',
  'inspector-web': 'inspector',
  'sdk-1': undefined,
  'sdk-2': undefined,
};
/** Where the two clients of one product differ, the preset says what the page does and a note what the command line does. */
const rulesOf = (product: string, { scopes }: Preset): ScopeRule =>
  product === 'inspector-cli' ? { ...scopes, from: ['metadata', 'challenge'] } : scopes;

const recorded = recordedProducts().flatMap((product) => {
  const name = product in PRESET_OF ? PRESET_OF[product] : product;
  return name === undefined ? [] : [{ product, preset: resolvePresets([name])[0] as Preset }];
});

const NOTHING: RecordedRun = {
  met: { challengeScope: null, resourceScopes: null, issuerScopes: [], registeredScope: null },
  requests: [],
};

/** Members of a registration that a preset has; the scope is the rule's. */
const MEMBERS = [
  'client_uri',
  'token_endpoint_auth_method',
  'grant_types',
  'response_types',
  'application_type',
  'software_id',
] as const;

const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'offline_access', 'openid', 'profile'), {
  maxLength: 5,
});
const situations: fc.Arbitrary<ScopesMet & { registered: string }> = fc.record({
  challenge: fc.option(
    scopes.map((found) => found.join(' ')),
    { nil: undefined },
  ),
  metadata: fc.option(scopes, { nil: undefined }),
  issuer: scopes,
  registered: scopes.map((found) => found.join(' ')),
});
const words = (scope: string | undefined) => scope?.split(' ').filter(Boolean).sort();

describe.each(recorded)('$preset.name as $product was recorded', ({ product, preset }) => {
  const recording = recordingOf(product);
  const bodies = requestsOf(recording.runs.named, 'registration').map(({ body }) => record(body));

  it('registers what was sent', () => {
    for (const body of bodies) {
      const mine: Record<string, unknown> = { ...preset.registration };
      for (const member of MEMBERS) expect([member, mine[member]]).toEqual([member, body[member]]);
    }
  });

  it('has the name and the redirect URIs that were sent', () => {
    for (const body of bodies) {
      expect(hasClientName(preset, String(body.client_name))).toBe(true);
      const uris = (body.redirect_uris as string[]).map((uri) => uri.replace('<port>', '40123'));
      expect(uris.filter((uri) => !matchesAny(preset.redirectUris, uri))).toEqual([]);
      const hosts = [...uris, body.client_uri].flatMap((uri) => (uri ? new URL(String(uri)).hostname : []));
      expect(preset.trustedHosts).toEqual(expect.arrayContaining(hosts));
    }
  });

  it('registers twice, or once, as it was seen to', () => {
    expect(preset.registersTwice).toBe(bodies.length > 1 ? 'yes' : 'no');
  });

  it('names the scopes that were sent', () => {
    for (const { met, requests } of Object.values(recording.runs)) {
      const seen: ScopesMet = {
        challenge: met.challengeScope ?? undefined,
        metadata: met.resourceScopes ?? undefined,
        issuer: met.issuerScopes,
      };
      const filled = (scope: unknown) =>
        scope === undefined
          ? undefined
          : words(String(scope).replace('{issuer_scopes}', met.issuerScopes.join(' ')));
      for (const { kind, body } of requests) {
        const { scope } = record(body);
        if (kind === 'registration')
          expect(words(registeredScope(rulesOf(product, preset), seen))).toEqual(filled(scope));
        if (kind === 'authorization') {
          const asked = requestedScope(rulesOf(product, preset), seen, met.registeredScope ?? undefined);
          expect(words(asked)).toEqual(filled(scope));
        }
      }
    }
  });

  it('names what the rule beside the recordings names, whatever it meets', () => {
    fc.assert(
      fc.property(situations, ({ registered, ...met }) => {
        const rule = RECORDED_RULES[product]?.({
          challengeScope: met.challenge || null,
          resourceScopes: met.metadata?.length ? met.metadata : null,
          issuerScopes: met.issuer,
        });
        expect(words(registeredScope(rulesOf(product, preset), met))).toEqual(words(rule?.registration));
        expect(words(requestedScope(rulesOf(product, preset), met, registered))).toEqual(
          words(rule?.authorization(registered)),
        );
      }),
    );
  });

  it('says so', () => {
    const [source] = preset.sources.filter(({ certainty }) => certainty === 'recorded');
    expect(source?.what).toContain(recording.version);
    expect(source?.seen).toBe(recording.recorded);
  });

  it('sends no origin, or one of its own', () => {
    const origins = Object.values(recording.runs).flatMap(({ requests }) =>
      requests.flatMap((one) => one.headers.origin ?? []),
    );
    expect(preset.origins).toEqual(expect.arrayContaining(origins));
  });
});

describe.each(DOCUMENTED_PRODUCTS)('%s as it is described', (product) => {
  const preset = resolvePresets([product])[0] as Preset;
  const [request] = requestsOf(documentedRecording(product)?.runs.named ?? NOTHING, 'registration');

  it('registers the same in replay and preset', () => {
    expect(preset.registration).toEqual(record(request?.body));
  });
  it('names the same scopes in replay and preset, whatever it meets', () => {
    fc.assert(
      fc.property(situations, ({ registered, ...met }) => {
        const rule = DOCUMENTED_RULES[product]?.({
          challengeScope: met.challenge || null,
          resourceScopes: met.metadata?.length ? met.metadata : null,
          issuerScopes: met.issuer,
        });
        expect(words(registeredScope(preset.scopes, met))).toEqual(words(rule?.registration));
        expect(words(requestedScope(preset.scopes, met, registered))).toEqual(
          words(rule?.authorization(registered)),
        );
      }),
    );
  });
});

it('the weekly workflow runs a suite that is there', () => {
  const workflow = readFileSync(new URL('../../../.github/workflows/products.yml', import.meta.url), 'utf8');
  const { jobs } = parse(workflow) as { jobs: { products: { steps: { run?: string }[] } } };
  const runs = jobs.products.steps.flatMap(({ run }) => /^npm run suite -- (\S+)/.exec(run ?? '')?.[1] ?? []);
  expect(runs).toEqual(['products']);
  for (const suite of runs) expect(SUITES).toHaveProperty([suite]);
});

describe.each(PRESETS)('$name', (preset) => {
  it('names scopes when it registers where its rule does', () => {
    const named = registeredScope(preset.scopes, { challenge: 'a', metadata: ['a'], issuer: ['a'] });
    if (preset.sendsScope === 'yes') expect(named).toBeDefined();
    if (preset.sendsScope === 'no') expect(named).toBeUndefined();
  });
  it('is said to be recorded where it was, and nowhere else', () => {
    const message = preset.sources.some(({ certainty }) => certainty === 'recorded');
    expect(message).toBe(recorded.some((one) => one.preset === preset));
  });
  it('tells a person how to connect a server', () => {
    expect(preset.connect.length).toBeGreaterThan(0);
    expect(preset.connect.join(' ')).toContain('{mcp}');
  });
});

it('the recorded products that stop at another resource are those that say so', () => {
  const exact = PRESETS.filter((preset) => isRecorded(preset) && preset.comparesResource === 'exact');
  expect(exact.map(({ name }) => name)).toEqual(COMPARES_RESOURCE);
});
