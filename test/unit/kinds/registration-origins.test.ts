import { expect, it } from 'vitest';
import { planFor } from '../../../src/plan/kinds/index.ts';
import type { RealmSnapshot } from '../../../src/realm/snapshot.ts';

const realmWith = (...origins: string[]): RealmSnapshot => ({
  realm: 'demo',
  scopes: [],
  defaultScopes: [],
  optionalScopes: [],
  registrationPolicies: [
    {
      id: 'one',
      name: 'Allowed Registration Web Origins',
      providerId: 'registration-web-origins',
      subType: 'anonymous',
      config: { 'web-origins': origins },
    },
  ],
  clientPolicies: [],
  clientProfiles: [],
  clients: [],
});
const wanted = { registrationOrigins: { add: ['http://localhost:6274'] } };

it('registration-origins: what is missing is added beside what others put there', () => {
  expect(planFor(wanted, realmWith('https://their.example.com'))).toMatchObject([
    {
      kind: 'registration-origins',
      action: 'update',
      before: { origins: ['https://their.example.com'] },
      after: { origins: ['https://their.example.com', 'http://localhost:6274'] },
    },
  ]);
  expect(planFor(wanted, realmWith('http://localhost:6274', 'https://their.example.com'))).toEqual([]);
});

it('registration-origins: a realm without the policy asks for no Origin, and gets none', () => {
  expect(planFor(wanted, { ...realmWith(), registrationPolicies: [] })).toEqual([]);
});
