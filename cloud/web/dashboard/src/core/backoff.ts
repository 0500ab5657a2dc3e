// How long to wait before trying again. Pure.

/** So many tries are made soon after one another: who walks out of a dead spot is live again at once. */
const SOON = 16;

/** 250 ms, doubling to 1.5 s, and to 8 s where it lasts, spread by half so that pages do not all come back at once.
 *  `random` is in 0..1. */
export function wait(attempt: number, random: number): number {
  const base = Math.min(250 * 2 ** attempt, attempt < SOON ? 1500 : 8000);
  return Math.round(base * (0.5 + random * 0.5));
}
