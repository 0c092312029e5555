import type { Context } from '../../cli/command.ts';
import { allClients } from '../../keycloak/read/clients.ts';
import type { Assignment } from '../../plan/desired.ts';
import { described } from '../../plan/named.ts';
import { policyNames } from '../../plan/policies.ts';
import { adoption } from '../../plan/provisioned.ts';
import { adoptable } from '../../products/adoptable.ts';
import { presetOf, registration } from '../../products/dynamic.ts';
import { carriersOf, heldOf } from '../../realm/mcp-scope.ts';
import type { Client } from '../../realm/representations.ts';
import { scopeNamed } from '../../realm/snapshot.ts';
import { count, visible } from '../../text.ts';
import type { Subject } from './subject.ts';

/**
 * With `--existing`: the products' clients that are there already, each to hold the scope. Reads all clients only for
 * that, or to name clients that PKCE may break where the policy is new and the scope is not.
 */
export async function existingHolders(
  context: Context,
  subject: Subject,
  wanted: boolean,
  pkce: boolean,
): Promise<Assignment[]> {
  const { keycloak, presets, scope, audienceScope, mode, snapshot } = subject;
  const carriers = carriersOf(scope, snapshot);
  const policyIsNew = pkce && !snapshot.clientPolicies.some(({ name }) => name === policyNames(scope).pkce);
  const mayBreak = policyIsNew && scopeNamed(snapshot, scope) !== undefined;
  if (!wanted && !mayBreak) return [];
  const assignments: Assignment[] = [];
  const endangered: Client[] = [];
  const left: { client: Client; reason: string }[] = [];
  let read = 0;
  for await (const page of allClients(keycloak)) {
    read += page.length;
    context.voice.progress(`${count(read, 'client')} read`);
    for (const client of page) {
      const isProducts = registration(client).kind !== 'other' && presetOf(client, presets) !== undefined;
      if (wanted && isProducts) {
        const why = 'since it is a client of the product that registered before (--no-existing leaves it)';
        const carrier = mode === 'standing' ? scope : (audienceScope ?? scope);
        const verdict = adoptable(client, presets);
        if (verdict.adoptable) assignments.push(adoption(client, carrier, why));
        else left.push({ client, reason: verdict.reason });
        snapshot.clients.push(client);
      }
      if (mayBreak && !isProducts && signsInWithoutPkce(client, carriers)) endangered.push(client);
    }
  }
  context.voice.progress(undefined);
  if (left.length > 0) context.voice.warn(leftText(left));
  if (endangered.length > 0) context.voice.warn(pkceWarning(endangered));
  return assignments;
}

const NAMED = 10;

/** The products' clients that an adoption would not accept: named, with the reason, and left as they are. */
function leftText(left: readonly { client: Client; reason: string }[]): string {
  const lines = left
    .slice(0, NAMED)
    .map(({ client, reason }) => `  ${described(client)}: ${visible(reason)}`);
  const more = left.length > NAMED ? `\n  and ${left.length - NAMED} more` : '';
  return `${count(left.length, 'client')} of the products stay without the audience (--client <id> names one):\n${lines.join('\n')}${more}`;
}

function signsInWithoutPkce(client: Client, carriers: readonly string[]): boolean {
  return (
    heldOf(client, carriers) !== 'none' &&
    client.standardFlowEnabled === true &&
    client.attributes['pkce.code.challenge.method'] !== 'S256'
  );
}

function pkceWarning(clients: readonly Client[]): string {
  const names = clients.slice(0, 10).map(({ clientId }) => visible(clientId));
  const more = clients.length > 10 ? ` and ${clients.length - 10} more` : '';
  return `PKCE with S256 will be demanded of ${count(clients.length, 'client')} that hold the scope and may sign in without: ${names.join(', ')}${more}. --no-pkce-policy leaves it out.`;
}
