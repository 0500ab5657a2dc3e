// A small chart as paths and ticks, in hundredths of its width and height. Missing data is a gap. Pure.
import type { Series } from "./series";

/** What lies at the edges of the drawing: times in ms, values in the chart's unit. */
export interface Span {
  from: number;
  to: number;
  low: number;
  high: number;
}

const share = (value: number, low: number, high: number): number => Math.round((10_000 * (value - low)) / (high - low || 1)) / 100;

/** Where a time lies from the left, and a value from the top. */
export const across = (at: number, { from, to }: Span): number => share(at, from, to);
export const down = (value: number, { low, high }: Span): number => Math.round(10_000 - 100 * share(value, low, high)) / 100;

/** The line of a series; a sample between two gaps is a dot. What lies before the span is left out. */
export function line({ t, v }: Series, span: Span): string {
  let path = "";
  let pen = false;
  t.forEach((at, i) => {
    const value = v[i];
    if (value === null || value === undefined || at < span.from) {
      pen = false;
      return;
    }
    const alone = !pen && (v[i + 1] === null || v[i + 1] === undefined);
    path += `${pen ? "L" : "M"}${across(at, span)} ${down(value, span)}${alone ? "h.01" : ""}`;
    pen = true;
  });
  return path;
}

/** Round numbers within a range, two at least. */
export function ticks(low: number, high: number, about = 3): number[] {
  const rough = (high - low) / about;
  if (!(rough > 0) || about > 12) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10);
  const found: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(Number((n * step).toPrecision(12)));
  return found.length < 2 ? ticks(low, high, about * 2) : found;
}
