// A short sound and a buzz for a new alert of severity 1, for who wants it. It is off until somebody turns it on.
import { effect, signal } from "@preact/signals";
import { alertsInOrder, book } from "../state";

export const sounding = signal(localStorage.getItem("sound") === "on");
/** The browser lets a page sound only after somebody pressed something on it. */
export const blocked = signal(false);

const TONE_HZ = 880;
const TONE_S = 0.16;
let audio: AudioContext | null = null;
let known: Set<number> | null = null;

/** Two short tones. */
export function sound(): void {
  navigator.vibrate?.([200, 100, 200]);
  audio ??= new AudioContext();
  void audio.resume();
  blocked.value = audio.state === "suspended";
  for (const at of [0, 0.28]) {
    const [tone, level] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = TONE_HZ;
    level.gain.value = 0.2;
    tone.connect(level).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + TONE_S);
  }
}

export function turn(on: boolean): void {
  localStorage.setItem("sound", on ? "on" : "off");
  sounding.value = on;
  if (on) sound(); // so that it is heard how loud it is
}

addEventListener("pointerdown", () => (blocked.value = false));
effect(() => {
  if (!book.value) return;
  const worst = alertsInOrder.value.filter((one) => one.state === "firing" && one.severity <= 1).map((one) => one.id);
  const fresh = known !== null && worst.some((id) => !known!.has(id));
  known = new Set(worst);
  if (fresh && sounding.peek()) sound();
});
