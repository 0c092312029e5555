import type { Realm } from '../support/keycloak/realm.ts';

/** What a stage has set up beside the realm. */
export interface Staged {
  /** Words that the arguments name in braces: `{mcp}`. */
  words?: Readonly<Record<string, string>>;
  /** Files that the run finds: path → text. */
  files?: Readonly<Record<string, string>>;
  stop?(): Promise<void>;
}

/** One way to call a command. */
export interface Row {
  command: string;
  name: string;
  /** `{realm}` stands for the realm's name, other words in braces for what the stage says. */
  argv: readonly string[];
  /** Beside the configuration of the service account. */
  env?: Readonly<Record<string, string>>;
  /** What is in the realm before. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most stages have nothing to say
  stage?(realm: Realm): Promise<Staged | void>;
  /** What a person does while the command runs, once it has said this on stderr. */
  beside?: { after: RegExp; act(realm: Realm): Promise<void> };
  /** A client that a fault may delete. */
  victim?: string;
  /** It signs in as an administrator, not as the service account. */
  administrator?: true;
  /** What a person does before a second try, where the first failed. */
  beforeRerun?(realm: Realm): Promise<void>;
  /** The exit status when nothing goes wrong; 0 unless told. */
  status?: number;
  /** Another exit status than the fault's own, where the failed clean-up is what matters most. */
  or?: number;
  /** The exit status of a command that reports what it could not read instead of giving up. */
  reports?: number;
  /** It reads all that it needs at once. */
  sideBySide?: true;
  /** It sends no request to Keycloak. */
  offline?: true;
}
