import type { Finding } from './finding.ts';
import type { Seen } from './seen.ts';

/** What the realm has in store for a product, as far as it can be read. */
export interface ProductState {
  preset: string;
  title: string;
  /** `depends`: on what the MCP server names, or on the user, as the findings say; `unknown`: not all was visible. */
  verdict: 'ready' | 'stopped' | 'depends' | 'unknown';
  /** The findings that say so. */
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
  'SCOPE_NOT_DEFAULT',
  'TRUSTED_HOSTS_EMPTY',
  'SENDER_MATCH_ON',
  'NEW_CLIENTS_DISABLED',
  'MAX_CLIENTS_REACHED',
];

/** Findings that stop one product, which they are about. */
const STOPS_SUBJECT: readonly string[] = [
  'TRUSTED_HOST_MISSING',
  'REQUESTED_SCOPE_MISSING',
  'DOCUMENT_NOT_ALLOWED',
];

/** What the findings mean for each product in question. */
export function productStates(seen: Seen, findings: readonly Finding[], allVisible: boolean): ProductState[] {
  return seen.presets.map(({ name, title, registration }) => {
    const usesSecret = registration.token_endpoint_auth_method !== 'none';
    const stops = findings.filter(({ code, severity, subject, products }) => {
      if (severity !== 'error') return false;
      if (products !== undefined) return products.includes(name);
      if (code === 'BASIC_AUTH_DISABLED') return usesSecret;
      return (
        STOPS_EVERYBODY.includes(code) || (STOPS_SUBJECT.includes(code) && [name, title].includes(subject))
      );
    });
    const depends = findings.filter((one) => one.depends?.includes(name));
    const verdict =
      stops.length > 0 ? 'stopped' : depends.length > 0 ? 'depends' : allVisible ? 'ready' : 'unknown';
    const codes = (stops.length > 0 ? stops : depends).map(({ code }) => code);
    return { preset: name, title, verdict, codes: [...new Set(codes)] };
  });
}
