// A measured series as it should be drawn: missing data is a gap, never a line across. Pure.

export interface Series {
  t: number[];
  v: (number | null)[];
}

/** The series with a null wherever two samples lie further apart than `factor` times the usual step. Times in ms. */
export function withGaps({ t, v }: Series, factor = 4): Series {
  if (t.length < 3) return { t, v };
  const steps = t.slice(1).map((at, i) => at - t[i]!).sort((a, b) => a - b);
  const usual = steps[steps.length >> 1]!;
  const out: Series = { t: [], v: [] };
  t.forEach((at, i) => {
    const before = t[i - 1];
    if (before !== undefined && usual > 0 && at - before > factor * usual) {
      out.t.push(before + usual);
      out.v.push(null);
    }
    out.t.push(at);
    out.v.push(v[i] ?? null);
  });
  return out;
}

/** A series that is told only when it changes, as steps up to `to` ms. */
export function steps({ t, v }: Series, to: number): Series {
  const out: Series = { t: [], v: [] };
  const put = (at: number, value: number | null) => (out.t.push(at), out.v.push(value));
  t.forEach((at, i) => {
    if (i > 0) put(at, v[i - 1]!);
    put(at, v[i]!);
  });
  if (t.length && to > t.at(-1)!) put(to, v.at(-1)!);
  return out;
}

/** The series with one newer sample, and without what is older than `from` ms. An old or repeated sample changes nothing. */
export function appended(series: Series, at: number, value: number, from: number): Series {
  const last = series.t.at(-1);
  if (last !== undefined && at <= last) return series;
  const first = series.t.findIndex((one) => one >= from);
  const keep = first < 0 ? series.t.length : first;
  return { t: [...series.t.slice(keep), at], v: [...series.v.slice(keep), value] };
}

/** Coldest, mean over time and warmest of what was measured; across a gap nothing is known. null: nothing was. */
export function extent(series: Series): { low: number; mean: number; high: number } | null {
  const { t, v } = withGaps(series);
  const known = v.filter((one): one is number => one !== null);
  if (!known.length) return null;
  let [area, whole] = [0, 0];
  for (let i = 1; i < t.length; i++) {
    const [before, after, step] = [v[i - 1], v[i], t[i]! - t[i - 1]!];
    if (before === null || before === undefined || after === null || after === undefined) continue;
    area += ((before + after) / 2) * step;
    whole += step;
  }
  return { low: Math.min(...known), mean: whole ? area / whole : known[0]!, high: Math.max(...known) };
}

/** When a contact was on: from a sample that says so to the next that does not. */
export function stretches({ t, v }: Series, to: number): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from: number | null = null;
  t.forEach((at, i) => {
    const on = (v[i] ?? 0) >= 0.5;
    if (on && from === null) from = at;
    if (!on && from !== null) {
      found.push({ from, to: at });
      from = null;
    }
  });
  return from === null ? found : [...found, { from, to }];
}

/** Lowest and highest of a chart's axis: all samples and the allowed band, with a little air. */
export function span(v: (number | null)[], band: (number | null)[]): [number, number] {
  const all = [...v, ...band].filter((one): one is number => one !== null && Number.isFinite(one));
  if (!all.length) return [0, 1];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const air = Math.max((high - low) * 0.08, 0.25);
  return [low - air, high + air];
}
