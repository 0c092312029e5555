import type { Realm } from '../support/keycloak/realm.ts';
import type { Control, Exchange, Position } from './proxy.ts';
import type { Row } from './row.ts';

/** The realm of a case, as a fault may change it. */
export interface Scene {
  realm: Realm;
  /** The service account: its client's id and its user's id. */
  account: { id: string; userId: string };
  /** The client that a fault may delete, where the row has one. */
  victim: string | undefined;
}

/** How a run may end: its exit statuses, and what the message says where it is none of them. */
export interface Expected {
  statuses: readonly number[];
  message: RegExp;
}

/** Something that goes wrong once, or from some request on. */
export interface Fault {
  name: string;
  /** Whether it can happen at a position of this row. */
  fits(position: Position, row: Pick<Row, 'victim' | 'administrator'>): boolean;
  act(exchange: Exchange, control: Control, scene: Scene): Promise<void>;
  expected(position: Position): Expected;
  /** What an administrator puts right before the command is run again. */
  fix?(scene: Scene): Promise<void>;
  /** Nothing can be cleaned up after it: the run can't come back to give its lock away, which ends on its own. */
  lasting?: boolean;
  /** It holds for what comes later: who reads side by side may have been answered already. */
  later?: true;
  /** The run's own `--request-timeout`. */
  timeout?: string;
}

/** Whether a request asks the token endpoint. */
export function isToken({ path }: Position): boolean {
  return path.includes('/protocol/openid-connect/token');
}

/** Whether a request makes something, so that it may not be sent twice. */
export function isCreation(position: Position): boolean {
  return position.method === 'POST' && !isToken(position);
}
