import type { Preset } from '../products/preset.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';

/**
 * Sentences about scopes that products ask for when they sign in and that the realm doesn't offer: Keycloak then ends
 * the sign-in with invalid_scope, before the login page (26.7.4).
 */
export function missingScopes(
  { presets }: { presets: readonly Pick<Preset, 'title' | 'requestedScopes'>[] },
  { defaultScopes, optionalScopes }: Pick<RealmSnapshot, 'defaultScopes' | 'optionalScopes'>,
): string[] {
  const offered = [...defaultScopes, ...optionalScopes];
  return presets.flatMap(({ title, requestedScopes }) => {
    const missing = requestedScopes.filter((scope) => !offered.includes(scope));
    if (missing.length === 0) return [];
    return [
      `${title} asks for the scopes ${missing.join(', ')}, which are neither default nor optional client scopes of this realm: its sign-in ends in invalid_scope. Add them under Realm settings or Client scopes.`,
    ];
  });
}
