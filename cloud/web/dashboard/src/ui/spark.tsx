// A small chart: what is normal shaded, gaps open. It grows with the letters and needs no hand.
import { down, line, type Span } from "../core/spark";
import type { Series } from "../core/series";

interface Drawing {
  series: Series;
  span: Span;
  low: number | null;
  high: number | null;
  label: string;
}

export function Spark({ series, span, low, high, label }: Drawing) {
  const [top, bottom] = [high === null ? 0 : Math.max(0, down(high, span)), low === null ? 100 : Math.min(100, down(low, span))];
  return (
    <svg class="spark" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={label}>
      {(low !== null || high !== null) && bottom > top && <rect class="band" x="0" y={top} width="100" height={bottom - top} />}
      <path class="line" d={line(series, span)} />
    </svg>
  );
}
