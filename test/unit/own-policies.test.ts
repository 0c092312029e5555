import { describe, expect, it } from 'vitest';
import {
  listDeviations,
  type OwnPolicy,
  registrationsPolicy,
  userlessPolicy,
} from '../../src/realm/own-policies.ts';

const FORMS: Record<string, OwnPolicy> = {
  'registrations, by patterns': registrationsPolicy({ by: 'patterns', patterns: ['a', 'b'] }),
  'registrations, without wildcards': registrationsPolicy({ by: 'no-wildcards' }),
  'registrations, redirect URIs not held': registrationsPolicy({ by: 'none' }),
  userless: userlessPolicy(['one', 'two']),
};

/** Every value below a thing replaced, removed, or a list with one more, one at a time. */
function* mutations(value: unknown, isConfiguration = false): Generator<unknown> {
  if (Array.isArray(value)) {
    yield [];
    yield [
      ...value,
      value.every((one) => typeof one === 'string') ? 'more' : { condition: 'any-client', configuration: {} },
    ];
    for (const [index, one] of value.entries()) {
      for (const other of mutations(one)) yield value.with(index, other);
    }
    return;
  }
  if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      if (key === 'description' || key === 'name') continue;
      for (const other of mutations(one, key === 'configuration')) yield { ...value, [key]: other };
      // A switch that is off, or no settings, is the same as nothing there.
      if (one !== false && JSON.stringify(one) !== '{}') yield { ...value, [key]: undefined };
    }
    if (isConfiguration) yield { ...value, 'is-negative-logic': true };
    return;
  }
  yield typeof value === 'boolean' ? !value : `${String(value)}x`;
}

describe.each(Object.entries(FORMS))('the verified form of %s', (_name, form) => {
  it('deviates from itself in nothing, in whatever order Keycloak keeps its lists', () => {
    expect(listDeviations(form, form)).toEqual([]);
    const { policy, profile } = form;
    const turned = {
      policy: { ...policy, conditions: policy.conditions?.toReversed() ?? [] },
      profile: { ...profile, executors: profile.executors?.toReversed() ?? [] },
    };
    expect(listDeviations(turned, form)).toEqual([]);
  });

  it('has no field whose change is not seen', () => {
    const { policy, profile } = form;
    const policies = [...mutations(policy)].map((one) => ({ policy: one, profile }));
    const profiles = [...mutations(profile)].map((one) => ({ policy, profile: one }));
    const unseen = [...policies, ...profiles].filter(
      (one) => listDeviations(one as unknown as OwnPolicy, form).length === 0,
    );
    expect(unseen).toEqual([]);
    expect(policies.length + profiles.length).toBeGreaterThan(15);
  });

  it('is missing where either part is', () => {
    const { policy, profile } = form;
    expect(listDeviations({ profile }, form)).toHaveLength(1);
    expect(listDeviations({ policy }, form)).toHaveLength(1);
  });
});
