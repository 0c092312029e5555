/** A form on a page, with the values that its inputs already hold; buttons are left out. */
export interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a connector needs to know of one of Keycloak's HTML pages. */
export interface Page {
  /** Keycloak's own name: `login-login`, `login-login-oauth-grant`, `login-error`, … */
  readonly id: string;
  /** The error or notice on it, as a person reads it. */
  readonly message: string;
  readonly form: Form | undefined;
}

// As in the keycloak.v2 login theme of 26.7.3: the body names its template, a field's error and the alert
// share a class, the error page has a paragraph of its own.
const MESSAGES = [
  /<[a-z]+[^>]*class="[^"]*\bkc-feedback-text\b[^"]*"[^>]*>([\s\S]*?)<\//,
  /<p[^>]*class="instruction"[^>]*>([\s\S]*?)<\/p>/,
  /<[^>]*id="kc-page-title"[^>]*>([\s\S]*?)<\//,
  /<title>([\s\S]*?)<\/title>/,
];

/** Reads one of Keycloak's pages; `title` stands in for the message where there is none. */
export function readPage(html: string): Page {
  const message = MESSAGES.map((pattern) => text(pattern.exec(html)?.[1] ?? '')).find(
    (found) => found !== '',
  );
  return {
    id: /<body[^>]*\bdata-page-id="([^"]*)"/.exec(html)?.[1] ?? 'unknown',
    message: message ?? '',
    form: readForm(html),
  };
}

function readForm(html: string): Form | undefined {
  const found = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(html);
  const action = attribute(found?.[1] ?? '', 'action');
  if (!found || action === undefined) return undefined;
  const fields: Record<string, string> = {};
  for (const [tag] of (found[2] ?? '').matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    const type = attribute(tag, 'type') ?? 'text';
    if (name !== undefined && !['submit', 'button', 'checkbox'].includes(type)) {
      fields[name] = attribute(tag, 'value') ?? '';
    }
  }
  return { action, fields };
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1];
  return value === undefined ? undefined : decode(value);
}

function text(html: string): string {
  return decode(html.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

function decode(html: string): string {
  return html.replace(/&(?:#x([0-9a-f]{1,5})|#(\d{1,6})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}
