import type { Connection } from '../products/connection.ts';
import type { Finding } from './finding.ts';
import type { Seen } from './seen.ts';
import { findUnregisteredWay, isDocumentUsed } from './ways.ts';

/** The way in which a product connects, and whether the realm lets it, as far as that can be read. */
export interface ProductState extends Connection {
  preset: string;
  title: string;
  /**
   * The verdict. `depends`: on the scopes that the MCP server names, or on the user, as the findings show; `unknown`:
   * not all was visible.
   */
  verdict: 'ready' | 'stopped' | 'depends' | 'unknown';
  /** Codes of the findings that the verdict rests on. */
  codes: string[];
}

/** Findings that stop every product on its way; other errors are about safety, or about single clients. */
const STOPS_EVERYBODY: readonly string[] = [
  'ISSUER_MISMATCH',
  'ISSUER_NOT_HTTPS',
  'RESOURCE_INDICATORS_BREAK_AUDIENCE',
  'SCOPE_MISSING',
  'AUDIENCE_MAPPER_MISSING',
  'AUDIENCE_MISMATCH',
  'MAPPER_NOT_IN_ACCESS_TOKEN',
];

/** Findings that stop every product that registers; one that has a client doesn't meet them. */
const STOPS_REGISTRATION: readonly string[] = [
  'SCOPE_NOT_DEFAULT',
  'TRUSTED_HOSTS_EMPTY',
  'SENDER_MATCH_ON',
  'NEW_CLIENTS_DISABLED',
  'MAX_CLIENTS_REACHED',
];

/** Findings that stop one product, which they are about. */
const STOPS_SUBJECT: readonly string[] = ['REQUESTED_SCOPE_MISSING', 'DOCUMENT_NOT_ALLOWED'];
/** The finding that stops one product where it registers. */
const STOPS_SUBJECTS_REGISTRATION = 'TRUSTED_HOST_MISSING';

/** The state of each product in question: how it connects, and what the findings mean for it. */
export function productStates(seen: Seen, findings: readonly Finding[], allVisible: boolean): ProductState[] {
  return seen.presets.map((preset) => {
    const { name, title, registration } = preset;
    const own = findUnregisteredWay(seen, preset);
    const usesSecret = registration.token_endpoint_auth_method !== 'none';
    const stops = findings.filter(({ code, severity, subject, products }) => {
      if (severity !== 'error') return false;
      if (products !== undefined) return products.includes(name);
      if (code === 'BASIC_AUTH_DISABLED') return usesSecret;
      // A profile alone makes only later edits of profiles fail.
      if (code === 'DOCUMENT_POLICY_BREAKS_REALM') return subject.startsWith('policy ');
      if (STOPS_EVERYBODY.includes(code)) return true;
      const isAbout = [name, title].includes(subject);
      if (STOPS_SUBJECT.includes(code)) return isAbout;
      if (own !== undefined || isDocumentUsed(seen, preset)) return false;
      return STOPS_REGISTRATION.includes(code) || (code === STOPS_SUBJECTS_REGISTRATION && isAbout);
    });
    const depends = findings.filter((one) => one.depends?.includes(name));
    const isLost = own?.way === 'none';
    const verdict =
      stops.length > 0 || isLost
        ? 'stopped'
        : depends.length > 0
          ? 'depends'
          : allVisible
            ? 'ready'
            : 'unknown';
    const codes = (verdict === 'stopped' ? stops : depends).map(({ code }) => code);
    const lost = isLost ? [(own.reason ?? '').replace(/:.*$/s, '')] : [];
    const [first] = stops;
    const connection: Connection =
      first && !isLost
        ? { way: 'none', clientId: own?.clientId ?? null, reason: `${first.code}: ${first.message}` }
        : (own ?? { way: 'registration', clientId: null, reason: null });
    return { preset: name, title, ...connection, verdict, codes: [...new Set([...lost, ...codes])] };
  });
}
