/* Every client of the realm in one answer, as a script does it that doesn't know of pages. */
import { send } from './admin.mjs';

const { json } = await send('GET', 'clients');
process.stdout.write(`${json.length}\n`);
