import { obtainKeycloak } from '../../../tools/keycloak/obtain.ts';
import { type RunningKeycloak, startKeycloak } from '../../../tools/keycloak/server.ts';

/**
 * A server that advertises client id metadata documents: the one of MCPKC_TEST_KEYCLOAK_URL where it does, else one that
 * is started for the test.
 */
export async function keycloakWithDocuments(): Promise<RunningKeycloak> {
  const start = () => startKeycloak({ features: ['cimd'] });
  if (!process.env.MCPKC_TEST_KEYCLOAK_URL) return start();
  const running = await obtainKeycloak({ start });
  const answer = await fetch(`${running.url}/realms/master/.well-known/openid-configuration`);
  const metadata = (await answer.json()) as Record<string, unknown>;
  return metadata.client_id_metadata_document_supported === true ? running : start();
}
