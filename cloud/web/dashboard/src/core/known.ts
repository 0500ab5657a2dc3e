// As of when a figure over many slots is, where some of them are not heard of. Pure.

/** A few slots are always silent somewhere, and have marks and a figure of their own. */
const FEW = 1;
const FEW_SHARE = 0.1;

/** Whether so many of all slots are not heard of that what is summed over them is no longer as of now. */
export const many = (silent: number, all: number): boolean => silent > Math.max(FEW, FEW_SHARE * all);

/** Since when they are many: `times` are until when each of the silent ones was known (0: never); 0 where nobody knows. */
export function manySince(times: readonly number[], all: number): number {
  const sorted = times.filter((one) => one > 0).sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(Math.max(FEW, FEW_SHARE * all)), sorted.length - 1)] ?? 0;
}
