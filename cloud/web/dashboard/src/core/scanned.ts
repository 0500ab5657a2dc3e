// Barcodes: what a scanner that types like a keyboard has read, and which place a code is of. Pure.

/** Keys of a scanner follow one another this fast; nobody types so. */
const BURST_MS = 50;
const LENGTH_MIN = 3;

/** Watches keys. `key` gives the code when an Enter ends a burst; at the start of each, `begun` is called. */
export function scanner(begun: () => void): { key: (key: string, at_ms: number) => string | null } {
  let [text, last] = ["", -Infinity];
  return {
    key(key, at_ms) {
      const fast = at_ms - last <= BURST_MS;
      last = at_ms;
      if (key === "Enter") {
        const code = fast && text.length >= LENGTH_MIN ? text : null;
        text = "";
        return code;
      }
      if (key.length !== 1) return null;
      if (!fast) {
        text = "";
        begun();
      }
      text += key;
      return null;
    },
  };
}

interface Place {
  place: string;
  sku: string;
}

/** The places a code may be of: those of that name, else those of that article; the order stays. */
export function placesOf<T extends Place>(code: string, places: readonly T[]): T[] {
  const name = code.trim().toLowerCase();
  const there = places.filter((one) => one.place.toLowerCase() === name && name);
  return there.length ? there : places.filter((one) => one.sku.toLowerCase() === name);
}
