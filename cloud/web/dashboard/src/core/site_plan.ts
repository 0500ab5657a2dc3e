// The floor plan: rectangles in metres, moved and drawn out on a grid. Pure.

export interface Area {
  x_m: number;
  y_m: number;
  width_m: number;
  depth_m: number;
}
export const PLAN_M_MAX = 2000;
export const STEPS = [1, 0.5, 0.25, 0.1];
const LEAST_M = 20;
const MARGIN_M = 1;

/** To the nearest line of the grid. */
export const snap = (value: number, step: number): number => Number((Math.round(value / step) * step).toFixed(3));

const within = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** The rectangle moved by so much, on the grid and on the plan. */
export function moved(area: Area, dx: number, dy: number, step: number): Area {
  return {
    ...area,
    x_m: within(snap(area.x_m + dx, step), 0, PLAN_M_MAX - area.width_m),
    y_m: within(snap(area.y_m + dy, step), 0, PLAN_M_MAX - area.depth_m),
  };
}

/** The rectangle drawn out at its lower right corner. */
export function sized(area: Area, dx: number, dy: number, step: number): Area {
  return {
    ...area,
    width_m: within(snap(area.width_m + dx, step), Math.max(step, 0.1), PLAN_M_MAX - area.x_m),
    depth_m: within(snap(area.depth_m + dy, step), Math.max(step, 0.1), PLAN_M_MAX - area.y_m),
  };
}

/** How far the plan reaches, so that all of it is seen. */
export function extent(areas: Iterable<Area>): { width: number; depth: number } {
  let [width, depth] = [LEAST_M, LEAST_M / 2];
  for (const one of areas) {
    width = Math.max(width, one.x_m + one.width_m + MARGIN_M);
    depth = Math.max(depth, one.y_m + one.depth_m + MARGIN_M);
  }
  return { width: Math.ceil(width), depth: Math.ceil(depth) };
}

/** Whether two rectangles share some of the floor. */
export const meet = (one: Area, other: Area): boolean =>
  one.x_m < other.x_m + other.width_m && other.x_m < one.x_m + one.width_m && one.y_m < other.y_m + other.depth_m && other.y_m < one.y_m + one.depth_m;

/** A place for something new: the first free one inside of a room or, without one, below all rooms. */
export function free(size: { width_m: number; depth_m: number }, taken: Area[], room: Area | null, step: number): Area {
  const place = (x_m: number, y_m: number): Area => ({ x_m: snap(x_m, step), y_m: snap(y_m, step), ...size });
  if (room) {
    for (let y = room.y_m + step; y + size.depth_m <= room.y_m + room.depth_m; y += Math.max(step, 0.5)) {
      for (let x = room.x_m + step; x + size.width_m <= room.x_m + room.width_m; x += Math.max(step, 0.5)) {
        const one = place(x, y);
        if (!taken.some((other) => meet(one, other))) return one;
      }
    }
    return place(room.x_m, room.y_m);
  }
  return place(0, taken.reduce((most, one) => Math.max(most, one.y_m + one.depth_m + step), 0));
}

export const isSame = (one: Area | null, other: Area | null): boolean =>
  one === other || (one !== null && other !== null && one.x_m === other.x_m && one.y_m === other.y_m && one.width_m === other.width_m && one.depth_m === other.depth_m);

/** Where each slot is drawn on its rack: its bay from the left, slots above one another in one of them. */
export function cells<S extends { bay: number; level: number }>(slots: S[], rack: Area, bays: number, levels: number): { slot: S; area: Area }[] {
  const [width_m, depth_m] = [rack.width_m / bays, rack.depth_m / levels];
  const turned = rack.depth_m > rack.width_m; // bays go along the longer side
  const [along, across] = turned ? [rack.depth_m / bays, rack.width_m / levels] : [width_m, depth_m];
  return slots.map((slot) => {
    const [bay, level] = [slot.bay - 1, levels - slot.level];
    const area = turned
      ? { x_m: rack.x_m + level * across, y_m: rack.y_m + bay * along, width_m: across, depth_m: along }
      : { x_m: rack.x_m + bay * along, y_m: rack.y_m + level * across, width_m: along, depth_m: across };
    return { slot, area };
  });
}
