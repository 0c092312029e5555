import type { Command } from '../command.ts';
export const onboard: Command = {
  define() {},
  examples: [],
  changes: '',
  exits: [],
  run: async () => {
    throw new Error('to come');
  },
};
