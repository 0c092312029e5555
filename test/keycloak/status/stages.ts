import { ACCESS_STAGES } from './access-stages.ts';
import { ERROR_STAGES } from './error-stages.ts';
import { HOLDER_STAGES } from './holder-stages.ts';
import { PRODUCT_STAGES } from './product-stages.ts';
import { WARNING_STAGES } from './warning-stages.ts';

/** How each finding is brought about in a realm. */
export const STAGES = [
  ...ERROR_STAGES,
  ...WARNING_STAGES,
  ...HOLDER_STAGES,
  ...ACCESS_STAGES,
  ...PRODUCT_STAGES,
];
/** What is said of every realm with a standing scope. */
export const ALWAYS = ['DCR_WITH_SCOPE', 'MODE', 'CONNECTION_LIFETIME'];
/** Staged on servers of their own, started for it. */
export const ON_OTHER_SERVERS = [
  'RESOURCE_INDICATORS_BREAK_AUDIENCE',
  'DOCUMENT_NOT_ALLOWED',
  'DOCUMENT_POLICY_BREAKS_REALM',
  'DOCUMENT_HOSTS_TOO_WIDE',
  'DOCUMENT_POLICIES_CLASH',
  'DOCUMENT_POLICY_IN_VAIN',
  'DOCUMENT_DIFFERS',
];
