// The addresses of equipment, maintenance orders and cold rooms.
import { ask, post } from "../api";
import type { AssetDetail, ExcursionView, ExposureView, Verdict, WorkVersion, WorkView } from "./types";

const id = encodeURIComponent;

export const asset = (name: string) => ask<AssetDetail>(`api/v1/assets/${id(name)}`);

export interface Units {
  sku: string;
  units: number;
}
/** What is said of an order; what is left out stays as it is. */
export interface WorkBody {
  version?: number;
  asset?: string;
  fault?: string;
  title?: string;
  from_ms?: number;
  until_ms?: number;
  whole_zone?: boolean;
  assigned_to?: string;
  parts?: Units[];
  used?: Units[];
  note?: string;
  found?: string;
  did?: string;
  verdict?: "" | "right" | "wrong";
  /** Of a verdict alone: what is said, when, and under which key of this phone. */
  said?: Exclude<Verdict, "">;
  at_ms?: number;
  key?: string;
}

export const WORK = "api/v1/works";
export const work = (number: number) => ask<{ work: WorkView; versions: WorkVersion[] }>(`${WORK}/${number}`);
export const workStep = (number: number, action: string) => `${WORK}/${number}/${action}`;

const COLD = "api/v1/cold";
export const excursions = (from: number) => ask<ExcursionView[]>(`${COLD}/excursions?from=${Math.round(from)}`);
export const exposures = () => ask<ExposureView[]>(`${COLD}/exposures`);
export const decide = (number: number, decision: "release" | "scrap", comment: string, lines: number[], key: string) =>
  post<ExcursionView>(`${COLD}/excursions/${number}/${decision}`, { comment, lines }, key);

export interface Wanted {
  zone?: string;
  sku?: string;
  lot?: string;
  storage?: string;
  from: number;
  to: number;
  format: "pdf" | "csv";
  lang: string;
}
/** Where a report is, as a plain link. */
export function reportHref(wanted: Wanted): string {
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== "");
  return `${COLD}/report?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
