// Things with a form open, each as it was when that was opened: they keep their place, whatever others do with them meanwhile.
import { signal } from "@preact/signals";

export function opened<Id, Seen>() {
  const all = signal<ReadonlyMap<Id, Seen>>(new Map());
  return {
    all,
    of: (id: Id): Seen | undefined => all.value.get(id),
    has: (id: Id): boolean => all.value.has(id),
    hold(id: Id, seen: Seen): void {
      all.value = new Map(all.peek()).set(id, seen);
    },
    release(id: Id): void {
      if (all.peek().has(id)) all.value = new Map([...all.peek()].filter(([other]) => other !== id));
    },
  };
}
