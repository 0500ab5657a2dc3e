// What the service tells of equipment, maintenance orders and cold rooms when it is asked; named as its structs are.
import type { AssetView, Fault, RoomView, WorkView } from "../types";
import type * as Told from "../types_care";

export type { AssetView, Cause, Fault, Feature, PartView, RoomView, WorkView } from "../types";
export type AssetKind = AssetView["kind"];
/** One in twenty fails before the first, half before the second, one in twenty after the third. */
export type Days = NonNullable<AssetView["days"]>;
export type Params = Fault["params"];
export type WorkState = WorkView["state"];
export type Verdict = "" | "right" | "wrong" | "not_now";
export type RoomKind = RoomView["kind"];

export type { AssetDetail, BudgetLeft, Drawn, Evidence, ExposureView, LineView, WorkVersion } from "../types_care";

export interface Signature extends Told.Signature {
  decision: "release" | "scrap";
}

export interface ExcursionView extends Told.ExcursionView {
  kind: Exclude<RoomKind, "">;
  signatures: Signature[];
}
