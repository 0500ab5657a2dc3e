// A page of another build than the service's loads itself anew: when nothing is being typed, and once for each build, should
// the service be wrong about it. What waits to be sent is kept across it.
import { signal } from "@preact/signals";

/** A newer page is on the service, and is not loaded yet. */
export const outdated = signal(false);

const TRIED = "reloaded_for";
const AGAIN_MS = 3_600_000;
let wanted = "";

/** The service's build is `v`. True: this page is about to go. */
export function renewed(v: string): boolean {
  const mine = document.querySelector<HTMLMetaElement>("meta[name=build]")?.content;
  wanted = v && mine && v !== mine && mine !== "development" ? v : "";
  if (!wanted) outdated.value = false;
  return renew();
}

/** Called again and again: loads the newer page as soon as that disturbs nobody. */
export function renew(): boolean {
  if (!wanted) return false;
  outdated.value = true;
  const all = tried();
  if (typing() || all.some(([v]) => v === wanted)) return false;
  sessionStorage.setItem(TRIED, JSON.stringify([...all, [wanted, Date.now()]]));
  location.reload();
  return true;
}

function tried(): [string, number][] {
  try {
    const all = JSON.parse(sessionStorage.getItem(TRIED) ?? "[]") as unknown;
    return Array.isArray(all) ? all.filter((one) => Array.isArray(one) && one[1] > Date.now() - AGAIN_MS) : [];
  } catch {
    return [];
  }
}

/** Something is in a field of a form, or a field is being used. */
function typing(): boolean {
  const fields = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input:not([type=search], [type=checkbox], [type=radio]), textarea")];
  return fields.some((one) => one.value !== "") || document.activeElement?.matches("input, textarea, select") === true && (document.activeElement as HTMLInputElement).value !== "";
}
