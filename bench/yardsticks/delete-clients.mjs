/* Deletes the clients whose ids stand in a file, a line each, four at a time. */
import { readFileSync } from 'node:fs';
import { fourAtATime, send } from './admin.mjs';

const ids = readFileSync(process.argv[2], 'utf8').trim().split('\n');
await fourAtATime(ids, (id) => send('DELETE', `clients/${id}`));
