import type { Context } from '../../cli/command.ts';
import { allClients } from '../../keycloak/read/clients.ts';
import type { Assignment } from '../../plan/desired.ts';
import { policyNames } from '../../plan/policies.ts';
import { presetOf, registration } from '../../products/dynamic.ts';
import { heldAs } from '../../realm/lists.ts';
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
  const { keycloak, presets, scope, snapshot } = subject;
  const policyIsNew = pkce && !snapshot.clientPolicies.some(({ name }) => name === policyNames(scope).pkce);
  const mayBreak = policyIsNew && scopeNamed(snapshot, scope) !== undefined;
  if (!wanted && !mayBreak) return [];
  const assignments: Assignment[] = [];
  const endangered: Client[] = [];
  let read = 0;
  for await (const page of allClients(keycloak)) {
    read += page.length;
    context.voice.progress(`${count(read, 'client')} read`);
    for (const client of page) {
      const isProducts = registration(client).kind !== 'other' && presetOf(client, presets) !== undefined;
      if (wanted && isProducts) {
        snapshot.clients.push(client);
        const why = 'since it is a client of the product that registered before (--no-existing leaves it)';
        assignments.push({ clientId: client.clientId, scope, list: 'default', why });
      }
      if (mayBreak && !isProducts && signsInWithoutPkce(client, scope)) endangered.push(client);
    }
  }
  context.voice.progress(undefined);
  if (endangered.length > 0) context.voice.warn(pkceWarning(endangered));
  return assignments;
}

function signsInWithoutPkce(client: Client, scope: string): boolean {
  return (
    heldAs(client, scope) !== 'none' &&
    client.standardFlowEnabled === true &&
    client.attributes['pkce.code.challenge.method'] !== 'S256'
  );
}

function pkceWarning(clients: readonly Client[]): string {
  const names = clients.slice(0, 10).map(({ clientId }) => visible(clientId));
  const more = clients.length > 10 ? ` and ${clients.length - 10} more` : '';
  return `PKCE with S256 will be demanded of ${count(clients.length, 'client')} that hold the scope and may sign in without: ${names.join(', ')}${more}. --no-pkce-policy leaves it out.`;
}
