// Scanning: a scanner that types like a keyboard, anywhere on the page; and the camera, where the browser reads barcodes.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { scanner } from "../core/scanned";
import { say } from "../words/words";

/** `scanned` is given each code, and what `before` told when its first key came: what a field held, say. */
export function useScans<T>(before: () => T, scanned: (code: string, held: T) => void): void {
  const now = useRef({ before, scanned });
  now.current = { before, scanned };
  useEffect(() => {
    let held: T = now.current.before();
    const keys = scanner(() => (held = now.current.before()));
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
      const code = keys.key(event.key, event.timeStamp);
      if (code === null) return;
      event.preventDefault(); // it would send the form
      event.stopPropagation();
      now.current.scanned(code, held);
    };
    addEventListener("keydown", pressed, true);
    return () => removeEventListener("keydown", pressed, true);
  }, []);
}

interface Detector {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}
declare global {
  interface Window {
    BarcodeDetector?: new () => Detector;
  }
}

const LOOK_MS = 250;

/** A button that opens the camera; nothing where the browser reads no barcodes. */
export function Camera({ scanned }: { scanned: (code: string) => void }) {
  const open = useSignal(false);
  const trouble = useSignal(false);
  const video = useRef<HTMLVideoElement>(null);
  const found = useRef(scanned);
  found.current = scanned;
  useEffect(() => {
    if (!open.value) return;
    let stream: MediaStream | null = null;
    let gone = false;
    let timer: number | undefined;
    const stop = () => {
      gone = true;
      clearInterval(timer);
      stream?.getTracks().forEach((one) => one.stop());
    };
    void (async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        if (gone) return stop();
        video.current!.srcObject = stream;
        await video.current!.play();
        const detector = new window.BarcodeDetector!();
        timer = setInterval(async () => {
          const [code] = await detector.detect(video.current!).catch(() => []);
          if (!code || gone) return;
          open.value = false;
          found.current(code.rawValue);
        }, LOOK_MS);
      } catch {
        open.value = false;
        trouble.value = true;
      }
    })();
    return stop;
  }, [open.value]);
  if (!window.BarcodeDetector || !navigator.mediaDevices) return null;
  return (
    <>
      <button type="button" aria-pressed={open.value} onClick={() => ((trouble.value = false), (open.value = !open.value))}>
        {say("counting.scan")}
      </button>
      {open.value && <video ref={video} class="camera" muted playsInline aria-label={say("counting.camera")} />}
      {trouble.value && <span class="trouble" role="alert">{say("counting.no_camera")}</span>}
    </>
  );
}
