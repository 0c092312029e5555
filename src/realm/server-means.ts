/** The abilities of a server's client policies, as the server itself shows them. */
export interface Means {
  /**
   * The way in which redirect URIs of registrations can be held: by patterns (Keycloak 26.7.4), free of wildcards alone
   * (26.4.0), or not at all.
   */
  redirects: 'patterns' | 'no-wildcards' | 'none';
  /** Whether policies have a `mode`, without which nothing can be refused for one grant alone; undefined where unknown. */
  strict: boolean | undefined;
}
