// Style sheets of parts that are loaded later. Where one of their modules imports a style sheet, that is a file of its
// own (see build.mjs), and it is on the page before the part is shown.

const wanted = new Set<string>();

/** Called by a module as it is loaded: it needs this style sheet, which lies beside the scripts. */
export function wear(href: string): void {
  wanted.add(new URL(href, import.meta.url).href);
}

/** All that are needed are on the page then. What could not be loaded is asked for again by the next call. */
export async function worn(): Promise<void> {
  await Promise.all([...wanted].map(put));
}

const there = new Map<string, Promise<void>>();

function put(href: string): Promise<void> {
  const before = there.get(href);
  if (before) return before;
  const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  const put = new Promise<void>((done, failed) => {
    sheet.onload = () => done();
    sheet.onerror = () => {
      there.delete(href);
      sheet.remove();
      failed(new Error(`the style sheet ${href} could not be loaded`));
    };
  });
  there.set(href, put);
  document.head.append(sheet);
  return put;
}
