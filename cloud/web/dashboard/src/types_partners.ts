// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

/**
 * Vendor-managed inventory: the supplier sees the shelves of these SKUs and keeps each between `least` and `most`.
 * `decides`: whether what it plans becomes an order at once, or a draft for the site.
 */
export interface Agreement {
  supplier: string;
  skus: string[];
  decides: "site" | "supplier";
  least: Record<string, number>;
  most: Record<string, number>;
}

/** One try: `status` is the HTTP answer, 0 where there was none; `outcome` delivered, again, given_up or gone. */
export interface Delivery {
  webhook: string;
  event: string;
  type: string;
  at_ms: number;
  tries: number;
  status: number;
  outcome: string;
  detail: string;
}

/** What a supplier plans for the shelves it keeps. */
export interface Plan {
  lines: PlanLine[];
}

/**
 * Units of an SKU that the supplier wants to bring, and when (0: not said). `coming`: units of it that were to come
 * already as this was planned (see its shelf); where it is another figure by now, the plan is refused. Left out, it
 * counts whatever is to come.
 */
export interface PlanLine {
  sku: string;
  units: number;
  due_ms?: number;
  coming?: number | null;
}

/** A message that could not be used: what is wrong (a stable code and a sentence) and what to do about it. */
export interface Problem {
  type: "problem";
  code: string;
  detail: string;
  hint?: string;
  device?: string;
  topic?: string;
}

/** Units by SKU that a neighbour can send, or, below 0, could use. */
export interface Spares {
  skus: Record<string, number>;
}

/**
 * What a supplier has of its offers, by SKU; null: it does not say any more. `seen`: what it had told of these before
 * as that was looked at (null: nothing); where it told another thing since, this is refused. Of an SKU that is not in
 * it the last word holds.
 */
export interface Stock {
  skus: Record<string, number | null>;
  seen?: Record<string, number | null>;
}

/** A webhook as a buyer sees it; `log`: the last tries, the newest last. Its secret is not in it. */
export interface WebhookView {
  id: string;
  url: string;
  events: string[];
  supplier: string;
  waiting: number;
  oldest_ms: number | null;
  log: Delivery[];
}
