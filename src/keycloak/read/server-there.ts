/** Longer than any Keycloak on this machine takes to say who it is. */
const PATIENCE_MS = 3000;

/** Whether a Keycloak answers at a base URL: its realm `master` says its name, without a sign-in. */
export async function answersAsKeycloak(base: string, signal: AbortSignal): Promise<boolean> {
  try {
    // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
    const answer = await fetch(`${base}/realms/master`, {
      redirect: 'manual',
      // biome-ignore lint/plugin/clock: a time limit of the request.
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    const said = (await answer.json()) as { realm?: unknown };
    return answer.status === 200 && said.realm === 'master';
  } catch {
    if (signal.aborted) throw signal.reason;
    return false;
  }
}
