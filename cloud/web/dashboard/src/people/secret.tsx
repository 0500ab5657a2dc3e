// What is told once: a token, or a one-time password.
import { useSignal } from "@preact/signals";
import { say } from "../words/words";

export function Secret({ label, secret, close }: { label: string; secret: string; close: () => void }) {
  const copied = useSignal(false);
  const copy = () => void navigator.clipboard?.writeText(secret).then(() => (copied.value = true), () => undefined);
  return (
    <div class="secret padded" role="status">
      <p>{label}</p>
      <code tabIndex={0}>{secret}</code>
      <div class="acts">
        {"clipboard" in navigator && <button type="button" class="main" onClick={copy}>{say(copied.value ? "secret.copied" : "secret.copy")}</button>}
        <button type="button" onClick={close}>{say("secret.noted")}</button>
      </div>
    </div>
  );
}
