import type { Preset } from './preset.ts';
import { registeredScope, requestedScope, type ScopesMet } from './scopes.ts';

/** The settings of a realm that decide which scopes a product may name. */
export interface ScopeDoors {
  /** The realm's default and optional client scopes, by name. */
  defaults: readonly string[];
  optionals: readonly string[];
  /** `scopes_supported` of the issuer. */
  advertised: readonly string[];
  /** Each policy 'Allowed Client Scopes' that anonymous registrations meet. */
  allowed: readonly { scopes: readonly string[]; defaults: boolean }[];
}

/** The step at which a product is stopped, and the scopes that it names and may not have. */
export interface ForeseenRefusal {
  stage: 'registration' | 'authorization';
  scopes: string[];
}

/** The scopes that an MCP server names: its own in challenge and metadata, or none. */
export type Naming = Pick<ScopesMet, 'challenge' | 'metadata'>;

/** The client scopes of a client that a product has already. */
export interface HeldScopes {
  defaults: readonly string[];
  optionals: readonly string[];
}

/**
 * Whether the scopes that a product names by its own rule are refused. At registration the refusal is 403, "Not
 * permitted to use specified clientScope", at sign-in `invalid_scope`. In Keycloak 26.4 to 26.7 a registration that
 * names scopes gets those as optional ones and `basic` alone as default. One that names none gets the realm's lists.
 */
export function foreseeScopes(
  preset: Preset,
  doors: ScopeDoors,
  naming: Naming,
  client?: HeldScopes,
): ForeseenRefusal | undefined {
  const met = { ...naming, issuer: doors.advertised };
  if (client) return foreseeSignIn(preset, met, [...client.defaults, ...client.optionals], client.optionals);
  const lists = [...doors.defaults, ...doors.optionals];
  const registered = registeredScope(preset.scopes, met);
  const barred = split(registered).filter((name) => !mayRegister(name, doors, lists));
  if (barred.length > 0) return { stage: 'registration', scopes: barred };
  const held = registered === undefined ? lists : [...split(registered), 'basic'];
  return foreseeSignIn(preset, met, held, registered === undefined ? doors.optionals : split(registered));
}

function foreseeSignIn(
  { scopes }: Preset,
  met: ScopesMet,
  held: readonly string[],
  answered: readonly string[],
): ForeseenRefusal | undefined {
  const refused = split(requestedScope(scopes, met, answered.join(' '))).filter(
    (name) => name !== 'openid' && !held.includes(name),
  );
  return refused.length === 0 ? undefined : { stage: 'authorization', scopes: refused };
}

/** Whether a product asks for a scope at sign-in here. */
export function asksFor(preset: Preset, scope: string, doors: ScopeDoors, naming: Naming): boolean {
  const met = { ...naming, issuer: doors.advertised };
  const registered = registeredScope(preset.scopes, met) ?? doors.optionals.join(' ');
  return split(requestedScope(preset.scopes, met, registered)).includes(scope);
}

/**
 * Whether a product's token gets the audience of a standing scope: it asks for the scope by name, or registers without naming
 * any and so holds the realm's defaults.
 */
export function canGetAudience(preset: Preset, doors: ScopeDoors, naming: Naming, scope: string): boolean {
  const met = { ...naming, issuer: doors.advertised };
  const registered = registeredScope(preset.scopes, met);
  if (registered === undefined && doors.defaults.includes(scope)) return true;
  const asked = requestedScope(preset.scopes, met, registered ?? doors.optionals.join(' '));
  return split(asked).includes(scope);
}

/** Whether a product names scopes when it registers, where an MCP server names these. */
export function isScopeNamed(preset: Preset, doors: ScopeDoors, naming: Naming): boolean {
  return registeredScope(preset.scopes, { ...naming, issuer: doors.advertised }) !== undefined;
}

function mayRegister(name: string, { allowed }: ScopeDoors, lists: readonly string[]): boolean {
  return allowed.every(({ scopes, defaults }) => scopes.includes(name) || (defaults && lists.includes(name)));
}

function split(scope: string | undefined): string[] {
  return (scope ?? '').split(' ').filter((word) => word !== '');
}
