// Keeps a wall's screen on, where the browser lets a page do that (over https, or on the machine itself).

async function hold(): Promise<void> {
  if (document.visibilityState !== "visible") return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // the machine saves power: its own settings have the last word
  }
}

/** From now on, and again whenever the page comes back, for a hidden page lets go. */
export function stayAwake(): void {
  if (!("wakeLock" in navigator)) return;
  void hold();
  document.addEventListener("visibilitychange", () => void hold());
}
