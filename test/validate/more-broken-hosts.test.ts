import { testFaults, theOthers } from './broken-host-cases.ts';

testFaults(theOthers);
