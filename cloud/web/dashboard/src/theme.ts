// Light or dark: as the system says, unless the person chose. Paper is light.
import { computed, effect, signal } from "@preact/signals";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const kept = localStorage.getItem("theme");
const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", () => (systemDark.value = system.matches));

export const theme = signal<Theme>(THEMES.find((one) => one === kept) ?? "auto");
const paper = signal(false);
addEventListener("beforeprint", () => (paper.value = true));
addEventListener("afterprint", () => (paper.value = false));

export const dark = computed(() => !paper.value && (theme.value === "auto" ? systemDark.value : theme.value === "dark"));

effect(() => {
  document.documentElement.dataset.theme = dark.value ? "dark" : "light";
});

export function choose(one: Theme): void {
  localStorage.setItem("theme", one);
  theme.value = one;
}
