// The frame around each part of a page, and the ways to keep focus and to tell times.
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { now } from "../state";
import { ago, exact, say } from "../words/words";

interface Frame {
  name: string;
  title: string;
  aside?: ComponentChildren;
  foot?: ComponentChildren;
  /** The body scrolls by itself, and so can be focused. */
  scrolls?: boolean;
  children: ComponentChildren;
}

/** A titled region of the page. */
export function Panel({ name, title, aside, foot, scrolls, children }: Frame) {
  const id = `title-${name.replace(" ", "-")}`;
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <div class="aside">{aside}</div>
      </header>
      <div class="body" {...(scrolls && { tabIndex: 0, role: "group", "aria-labelledby": id })}>
        {children}
      </div>
      {foot && <footer>{foot}</footer>}
    </section>
  );
}

/** A table to take away, as a plain link: the whole of it, whatever the page shows of it just now. */
export function Csv({ table }: { table: "stock" | "order_lines" | "alerts" | "assets" }) {
  return (
    <a href={`/api/v1/exports/${table}`} download="">
      {say("export.csv")}
    </a>
  );
}

/** How much larger than usual letters are on this screen: drawn text must grow with the rest. */
export const zoom = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize) / 14;

/** How long ago, with the exact time on hover and for screen readers. */
export function Since({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {ago(at, now.value)}
    </time>
  );
}

/**
 * Keeps keyboard focus inside a live list: an element that was moved gets it back, and when the focused row left, the
 * row now in its place does. Rows are the `li` and `tr` of the list.
 */
export function useKeptFocus<T extends HTMLElement>(): RefObject<T | null> {
  const list = useRef<T>(null);
  const last = useRef<{ element: HTMLElement; row: number } | null>(null);
  useLayoutEffect(() => {
    const home = list.current;
    if (!home) return;
    const rows = () => [...home.querySelectorAll<HTMLElement>("li, tr")];
    const lost = last.current;
    if (lost && (document.activeElement === document.body || document.activeElement === null)) {
      const row = rows()[Math.min(lost.row, rows().length - 1)];
      const next = home.contains(lost.element) ? lost.element : (row?.querySelector<HTMLElement>("button, a, summary") ?? home);
      if (next === home) home.tabIndex = -1;
      next.focus({ preventScroll: true });
    }
    const entered = (event: FocusEvent) => {
      const element = event.target as HTMLElement;
      last.current = { element, row: rows().indexOf(element.closest("li, tr") as HTMLElement) };
    };
    const left = (event: FocusEvent) => {
      if (event.relatedTarget || document.hasFocus()) queueMicrotask(() => document.activeElement !== document.body && !home.contains(document.activeElement) && (last.current = null));
    };
    const pointed = (event: Event) => !home.contains(event.target as Node) && (last.current = null);
    home.addEventListener("focusin", entered);
    home.addEventListener("focusout", left);
    document.addEventListener("pointerdown", pointed);
    return () => {
      home.removeEventListener("focusin", entered);
      home.removeEventListener("focusout", left);
      document.removeEventListener("pointerdown", pointed);
    };
  });
  return list;
}
