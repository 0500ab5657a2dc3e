// What the page knows: a snapshot and the deltas after it. Pure.
import type { AlertView, ArrivalView, AssetView, Delta, DeviceView, GatewayView, Kpi, MeasureView, NeedView, OrderView, RoomView, SiteView, SkuView, SlotChange, SlotView, Snapshot, WorkView, ZoneView } from "../types";

type ById<T> = ReadonlyMap<string | number, T>;

export interface Book {
  readonly v: string;
  readonly epoch: string;
  readonly q: number;
  readonly t: number;
  readonly site: SiteView;
  readonly kpi: Kpi;
  readonly slots: ById<SlotView>;
  readonly skus: ById<SkuView>;
  readonly needs: ById<NeedView>;
  readonly alerts: ById<AlertView>;
  readonly zones: ById<ZoneView>;
  readonly devices: ById<DeviceView>;
  readonly gateways: ById<GatewayView>;
  readonly orders: ById<OrderView>;
  readonly arrivals: ById<ArrivalView>;
  readonly measures: ById<MeasureView>;
  readonly rooms: ById<RoomView>;
  readonly assets: ById<AssetView>;
  readonly works: ById<WorkView>;
}

/** The book a snapshot opens. */
export function open(s: Snapshot): Book {
  return {
    v: s.v,
    epoch: s.epoch,
    q: s.q,
    t: s.t,
    site: s.site,
    kpi: s.kpi,
    slots: merged(new Map(), s.slots),
    skus: merged(new Map(), s.skus),
    needs: merged(new Map(), s.needs, closed),
    alerts: merged(new Map(), s.alerts, resolved),
    zones: merged(new Map(), s.zones),
    devices: merged(new Map(), s.devices),
    gateways: merged(new Map(), s.gateways),
    orders: merged(new Map(), s.orders, ended),
    arrivals: there(merged(new Map(), s.arrivals)),
    measures: merged(new Map(), s.measures),
    rooms: merged(new Map(), s.rooms),
    assets: merged(new Map(), s.assets),
    works: merged(new Map(), s.works, done),
  };
}

/**
 * The book after a delta. Only the next number counts: an older one changes nothing, and null says that deltas are
 * missing and a snapshot is needed. What a delta does not touch keeps its identity.
 */
export function fold(book: Book, d: Delta): Book | null {
  if (d.q <= book.q) return book;
  if (d.q !== book.q + 1) return null;
  return {
    ...book,
    q: d.q,
    t: d.t,
    kpi: d.kpi ?? book.kpi,
    slots: patched(book.slots, d.slots),
    skus: merged(book.skus, d.skus),
    needs: merged(book.needs, d.needs, closed),
    alerts: merged(book.alerts, d.alerts, resolved),
    zones: merged(book.zones, d.zones),
    devices: merged(book.devices, d.devices),
    gateways: merged(book.gateways, d.gateways),
    orders: merged(book.orders, d.orders, ended),
    arrivals: there(merged(book.arrivals, d.arrivals)),
    measures: merged(book.measures, d.measures),
    rooms: merged(book.rooms, d.rooms),
    assets: merged(book.assets, d.assets),
    works: merged(book.works, d.works, done),
  };
}

/** Of what the service answered to a command, what is not older than what is known: a delta may have come first. */
export function newer<Told extends Pick<Delta, "alerts" | "orders" | "works">>(book: Book, told: Told): Told {
  const fresh = <T extends { id: string | number; changed_ms: number }>(held: ById<T>, all: T[] | undefined) => all?.filter((one) => one.changed_ms >= (held.get(one.id)?.changed_ms ?? 0));
  return { ...told, alerts: fresh(book.alerts, told.alerts), orders: fresh(book.orders, told.orders), works: fresh(book.works, told.works) };
}

/** So many closed needs, and as many resolved alerts and ended orders, are kept: a page that is open for months must not grow. */
export const OVER_MAX = 50;

const closed = (need: NeedView) => (need.state === "fulfilled" || need.state === "withdrawn" ? need.changed_ms : null);
const ended = ({ state, changed_ms }: OrderView) => (state === "received" || state === "closed" || state === "cancelled" ? changed_ms : null);
const done = ({ state, changed_ms }: WorkView) => (state === "done" || state === "cancelled" ? changed_ms : null);
const resolved = (alert: AlertView) => (alert.state === "resolved" ? alert.changed_ms : null);

/** What is held with the news over it. `over` tells when one was over; of those only the latest are kept. */
function merged<T extends { id: string | number }>(held: ById<T>, news: T[] | undefined, over?: (one: T) => number | null): ById<T> {
  if (!news?.length) return held;
  const all = new Map(held);
  for (const one of news) all.set(one.id, one);
  if (over) {
    const gone = [...all.values()].filter((one) => over(one) !== null).sort((a, b) => over(b)! - over(a)!);
    for (const one of gone.slice(OVER_MAX)) all.delete(one.id);
  }
  return all;
}

/** Slots with what is new of them; of one that is new, all is told. */
function patched(held: ById<SlotView>, news: SlotChange[] | undefined): ById<SlotView> {
  if (!news?.length) return held;
  const all = new Map(held);
  for (const one of news) {
    const was = held.get(one.id);
    all.set(one.id, was ? amended(was, one) : (one as SlotView));
  }
  return all;
}

/** Field by field, as all slots may change at once: spread over one another they take three times as long. */
function amended(was: SlotView, change: SlotChange): SlotView {
  const { zone = was.zone, sku = was.sku, capacity = was.capacity, device = was.device, at_ms = was.at_ms, status = was.status } = change;
  const { count = was.count, low = was.low, high = was.high, confidence = was.confidence, mass_g = was.mass_g } = change;
  const { reason = was.reason, remedy = was.remedy, booked = was.booked, differs = was.differs } = change;
  return { id: was.id, zone, sku, capacity, count, low, high, confidence, mass_g, at_ms, status, reason, remedy, device, booked, differs };
}

/** An arrival that is gone is told once more, with 0 units. */
function there(arrivals: ById<ArrivalView>): ById<ArrivalView> {
  const here = [...arrivals].filter(([, one]) => one.units > 0);
  return here.length === arrivals.size ? arrivals : new Map(here);
}
