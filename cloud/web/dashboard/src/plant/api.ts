// The addresses of equipment, maintenance orders and cold rooms.
import { ask, post } from "../api";
import type { CrewsView } from "../crew/types";
import type { AssetDetail, ExcursionView, ExposureView, NewWork, Told, Word, WorkDetail, WorkStep } from "./types";

const id = encodeURIComponent;

export const crews = () => ask<CrewsView>("api/v1/oncall");
export const asset = (name: string) => ask<AssetDetail>(`api/v1/assets/${id(name)}`);

/** What is said of an order: as it is opened, in a step, or by a verdict alone. What is left out stays as it is. */
export type WorkBody = Partial<NewWork & WorkStep & Told>;

export const WORK = "api/v1/works";
export const work = (number: number) => ask<WorkDetail>(`${WORK}/${number}`);
export const workStep = (number: number, action: string) => `${WORK}/${number}/${action}`;

const COLD = "api/v1/cold";
export const excursions = (from: number) => ask<ExcursionView[]>(`${COLD}/excursions?from=${Math.round(from)}`);
export const exposures = () => ask<ExposureView[]>(`${COLD}/exposures`);
export const decide = (number: number, decision: "release" | "scrap", comment: string, lines: number[], key: string) =>
  post<ExcursionView>(`${COLD}/excursions/${number}/${decision}`, { comment, lines } satisfies Word, key);

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
