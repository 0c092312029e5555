/**
 * Domains below which anybody can get a host: those that people write into a list of trusted hosts. Not the whole
 * Public Suffix List (publicsuffix.org, which changes daily). Seen 2026-11-24.
 */
const SHARED = [
  'amazonaws.com',
  'appspot.com',
  'azurewebsites.net',
  'cloudfront.net',
  'firebaseapp.com',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok-free.app',
  'ngrok.app',
  'ngrok.io',
  'onrender.com',
  'pages.dev',
  'run.app',
  'trycloudflare.com',
  'vercel.app',
  'web.app',
  'workers.dev',
];

/** Second labels under which country registries sell names: `*.co.uk`, `*.com.au`. */
const REGISTRY = /^(?:ac|co|com|edu|gov|net|or|org|ne|go)\.[a-z]{2}$/;

/** Whether an entry of Trusted Hosts covers hosts that anybody can get. */
export function isTooWide(entry: string): boolean {
  const text = entry.toLowerCase();
  if (text === '*' || text === '*.') return true;
  if (!text.startsWith('*.')) return false;
  const domain = text.slice(2);
  return !domain.includes('.') || REGISTRY.test(domain) || SHARED.includes(domain);
}
