import type { Io } from '../../cli/io.ts';
import type { Voice } from '../../cli/voice.ts';

/** Shows progress: number, rate, and the time that is left where the total is known. */
export function progressOf(io: Io, voice: Voice, what: string): (done: number, all?: number) => void {
  const start = io.now();
  return (done, all) => {
    const seconds = Math.max(0.001, (io.now() - start) / 1000);
    const rate = done / seconds;
    const number = (value: number) => Math.round(value).toLocaleString('en');
    const share = all === undefined ? number(done) : `${number(done)} of ${number(all)}`;
    const left = all === undefined || rate === 0 ? '' : `, ${number((all - done) / rate)} s left`;
    voice.progress(`${what}: ${share} (${number(rate)}/s${left})`);
  };
}
