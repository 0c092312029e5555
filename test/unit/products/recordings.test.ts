import { describe, expect, it } from 'vitest';
import {
  type RecordedRun,
  type RunName,
  recordedProducts,
  recordingOf,
  requestsOf,
} from '../../products/recording.ts';
import { RECORDED_RULES } from '../../products/scope-rules.ts';
import { record } from '../../support/connectors/outcome.ts';

const RUNS: readonly RunName[] = ['named', 'silent', 'split'];

/** Ports, tokens and realms. */
const OF_ONE_RUN = /127\.0\.0\.1:(?!6274|6276|8976|19876)\d|eyJ|products-[0-9a-f]{8}/;

/** The words of a `scope`, sorted; undefined where there is none. "{issuer_scopes}": all that the issuer advertised. */
function words(scope: unknown, issuerScopes: readonly string[]): readonly string[] | undefined {
  if (typeof scope !== 'string') return undefined;
  const all = scope === '{issuer_scopes}' ? issuerScopes : scope.split(' ').filter((word) => word !== '');
  return [...all].sort();
}

const sentIn = (run: RecordedRun, kind: 'registration' | 'authorization') =>
  requestsOf(run, kind).map(({ body }) => words(record(body).scope, run.met.issuerScopes));

describe('recordings', () => {
  it('has one of each product with a rule, and a rule for each recording', () => {
    expect(recordedProducts()).toEqual(Object.keys(RECORDED_RULES).sort());
  });

  for (const product of recordedProducts()) {
    describe(product, () => {
      const { runs, refused } = recordingOf(product);

      it.each(RUNS)('%s: the rule names the scopes that were sent', (name) => {
        const run = runs[name];
        const rule = RECORDED_RULES[product]?.(run.met);
        for (const sent of sentIn(run, 'registration')) {
          expect(sent).toEqual(words(rule?.registration, run.met.issuerScopes));
        }
        for (const sent of sentIn(run, 'authorization')) {
          expect(sent).toEqual(words(rule?.authorization(run.met.registeredScope), run.met.issuerScopes));
        }
      });

      it.each(RUNS)('%s: it got a token with PKCE and the resource', (name) => {
        const [asked] = requestsOf(runs[name], 'authorization').slice(-1);
        expect(record(asked?.body)).toMatchObject({ code_challenge_method: 'S256', resource: '{mcp}' });
        const [token] = requestsOf(runs[name], 'token');
        expect(record(token?.body)).toMatchObject({
          grant_type: 'authorization_code',
          code_verifier: '{code_verifier}',
        });
        expect(token?.status).toBe(200);
      });

      it.each(RUNS)('%s: nothing in it is of one run alone', (name) => {
        expect(JSON.stringify(runs[name])).not.toMatch(OF_ONE_RUN);
      });

      it('asks the realm for another token once the MCP server has refused its token', () => {
        expect(refused?.map(({ kind }) => kind)).toContain('token');
        expect(JSON.stringify(refused)).not.toMatch(OF_ONE_RUN);
      });
    });
  }
});
