// What earlier versions of the page kept elsewhere, taken over once.
import type { Kept } from "../core/outbox";

interface Earlier {
  key: string;
  user: string;
  at_ms: number;
  body?: object;
  path?: string;
  action?: string;
  work?: number;
  alert?: number;
  said?: string;
  hours?: number;
  note?: string;
}

const read = (name: string): Earlier[] => {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(all) ? all.filter((one) => typeof one?.key === "string" && typeof one.user === "string") : [];
  } catch {
    return [];
  }
};

/** Of what is kept for orders and for verdicts, as it is kept now. Pure. */
export function translated(works: Earlier[], verdicts: Earlier[]): Omit<Kept, "n">[] {
  const bare = (one: Earlier) => ({ key: one.key, user: one.user, at_ms: one.at_ms, state: "waiting" as const, tries: 1, until_ms: 0, done_ms: 0 });
  return [
    ...works.map((one) => ({ ...bare(one), kind: "work" as const, thing: one.work ? `work ${one.work}` : "", path: one.path ?? "", body: one.body ?? {}, told: { action: one.action ?? "", work: one.work ?? 0 } })),
    ...verdicts.map(({ key, at_ms, said = "", hours, note, alert = 0, ...one }) => ({
      ...bare({ key, at_ms, ...one }), kind: "verdict" as const, thing: `verdict ${alert}`, path: `api/v1/alerts/${alert}/verdict`,
      body: { said, at_ms, key, ...(said === "not_now" && { hours, note }) }, told: { alert, said, title: "" },
    })),
  ];
}

export async function takeOver(keep: (more: Omit<Kept, "n">[]) => Promise<unknown>): Promise<void> {
  const found = translated(read("outbox"), read("verdicts"));
  if (found.length) await keep(found);
  for (const name of ["outbox", "verdicts", "verdicts_said"]) localStorage.removeItem(name);
}
