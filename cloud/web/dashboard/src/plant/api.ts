// The addresses of equipment, maintenance orders and cold rooms.
import { ask, post, Refused } from "../api";
import type { AssetDetail, ExcursionView, ExcursionsPage, ExposureView, NewWork, Told, Word, WorkDetail, WorkStep } from "../types_care";
import type { CrewsView } from "../types_crew";

const id = encodeURIComponent;

export const crews = () => ask<CrewsView>("api/v1/oncall");
export const asset = (name: string) => ask<AssetDetail>(`api/v1/assets/${id(name)}`);

/** What is said of an order: as it is opened, in a step, or by a verdict alone. What is left out stays as it is. */
export type WorkBody = Partial<NewWork & WorkStep & Told>;

export const WORK = "api/v1/works";
export const work = (number: number) => ask<WorkDetail>(`${WORK}/${number}`);
export const workStep = (number: number, action: string) => `${WORK}/${number}/${action}`;

const COLD = "api/v1/cold";
/** All since then, page by page. */
export async function excursions(from: number): Promise<ExcursionView[]> {
  const found: ExcursionView[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page: ExcursionsPage = await ask(`${COLD}/excursions?${new URLSearchParams({ from: String(Math.round(from)), ...(after && { after }) })}`);
    found.push(...page.items);
    after = page.next;
  }
  return found;
}
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

/** What is not there is undefined, not a failure. */
export function gone(error: unknown): undefined {
  if (error instanceof Refused && error.status === 404) return undefined;
  throw error;
}
