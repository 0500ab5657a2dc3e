// In which order places are visited so that the walk is short: the nearest one next, then crossings are undone. Pure.

export interface Point {
  x: number;
  y: number;
}

/** Between racks one walks along and across, not through. */
const apart = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
/** More are left as the nearest-next order has them: undoing crossings costs the square of it. */
const MENDED_MAX = 200;

/** How long a walk is. */
export const length = (from: Point, walk: readonly Point[]): number => walk.reduce<[number, Point]>(([sum, at], one) => [sum + apart(at, one), one], [0, from])[0];

/** The places in an order that is short to walk, beginning at `from`. */
export function walked<T extends Point>(from: Point, places: readonly T[]): T[] {
  const left = [...places];
  const walk: T[] = [];
  let at: Point = from;
  while (left.length) {
    let best = 0;
    for (let n = 1; n < left.length; n++) if (apart(at, left[n]!) < apart(at, left[best]!)) best = n;
    at = left[best]!;
    walk.push(...left.splice(best, 1));
  }
  return walk.length > MENDED_MAX ? walk : uncrossed(from, walk);
}

/** Turns a stretch around wherever that shortens the walk, until it does nowhere. */
function uncrossed<T extends Point>(from: Point, walk: T[]): T[] {
  for (let better = true; better; ) {
    better = false;
    for (let i = 0; i < walk.length - 1; i++) {
      for (let j = i + 1; j < walk.length; j++) {
        const [before, first, last, after] = [walk[i - 1] ?? from, walk[i]!, walk[j]!, walk[j + 1]];
        const now = apart(before, first) + (after ? apart(last, after) : 0);
        const turned = apart(before, last) + (after ? apart(first, after) : 0);
        if (turned < now - 1e-9) {
          walk.splice(i, j - i + 1, ...walk.slice(i, j + 1).reverse());
          better = true;
        }
      }
    }
  }
  return walk;
}
