import type { Entry, RecordEdit } from '../../src/realm/record.ts';
import { attributesFor, entriesIn, entryName, entryText } from '../../src/realm/record-attributes.ts';

/** Entries as attributes, one by one. */
export function oneByOne(entries: readonly Entry[]): Record<string, string> {
  return Object.fromEntries(entries.map((one) => [entryName(one), entryText(one)]));
}

/** What Keycloak keeps of the PUT of an edit: attributes merged, empty ones gone (26.4.0, 26.7.4). */
export function attributesAfter(
  there: Readonly<Record<string, string>>,
  edit: RecordEdit,
): Record<string, string> {
  const all = { ...there, ...attributesFor(there, edit) };
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ''));
}

/** The entries after an edit of a record that held each by itself. */
export function entriesAfter(there: readonly Entry[], edit: RecordEdit): Entry[] {
  return entriesIn(attributesAfter(oneByOne(there), edit));
}
