import type { Row } from '../row.ts';
import { access } from './access.ts';
import { allClients } from './all-clients.ts';
import { createScope } from './create-scope.ts';
import { fleet } from './fleet.ts';
import { onboard } from './onboard.ts';
import { prune } from './prune.ts';
import { size } from './size.ts';
import { start } from './start.ts';
import { validate } from './validate.ts';

/** Everything that is measured, in the order of the table. */
export const ROWS: readonly Row[] = [
  start,
  createScope,
  fleet,
  size,
  allClients,
  prune,
  onboard,
  validate,
  access,
];
