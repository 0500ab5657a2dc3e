// How long to wait before trying again. Pure.

/** 250 ms, doubling to 8 s, spread by half so that pages do not all come back at once. `random` is in 0..1. */
export function wait(attempt: number, random: number): number {
  const base = Math.min(250 * 2 ** attempt, 8000);
  return Math.round(base * (0.5 + random * 0.5));
}
