// Whether somebody is about to act in a list: then its rows keep their places, whatever others do meanwhile.
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** True while the pointer is over the list, was set down in it last (a finger), or a form stands open in it. */
export function useHeld(list: RefObject<HTMLElement | null>): boolean {
  const [inside, editing] = [useSignal(false), useSignal(false)];
  useEffect(() => {
    const home = list.current!;
    const look = () => (editing.value = home.querySelector("form") !== null);
    const within = (event: PointerEvent) => home.contains(event.target as Node);
    const moved = (event: PointerEvent) => event.pointerType === "mouse" && (inside.value = within(event));
    const down = (event: PointerEvent) => (inside.value = within(event));
    const left = (event: PointerEvent) => event.pointerType === "mouse" && (inside.value = false);
    const forms = new MutationObserver(look);
    forms.observe(home, { childList: true, subtree: true });
    document.addEventListener("pointerover", moved);
    document.addEventListener("pointerdown", down);
    document.documentElement.addEventListener("pointerleave", left);
    return () => {
      forms.disconnect();
      document.removeEventListener("pointerover", moved);
      document.removeEventListener("pointerdown", down);
      document.documentElement.removeEventListener("pointerleave", left);
    };
  }, []);
  return inside.value || editing.value;
}
