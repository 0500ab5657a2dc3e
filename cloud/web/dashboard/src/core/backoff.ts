// How long to wait before trying again. Pure.

/** For a cut of half a minute the link is back soon after it; later there is no hurry. */
const SOON_MS = 1500;
const SOON_TRIES = 24;
const LATER_MS = 8000;

/** 250 ms, doubling to a second and a half, and after many tries to 8 s; spread by half so that pages do not all come
 *  back at once. `random` is in 0..1. */
export function wait(attempt: number, random: number): number {
  const base = Math.min(250 * 2 ** attempt, attempt < SOON_TRIES ? SOON_MS : LATER_MS);
  return Math.round(base * (0.5 + random * 0.5));
}
