// In the header, while something waits: how much, and the way there.
import "../style/phone.css";
import { hrefOf, page } from "../route";
import { badge } from "../ui/later";
import { number, say } from "../words/words";
import { stuck, unkept } from "./outbox";

function Badge() {
  const refused = stuck.value.some((one) => one.state === "refused");
  if (!stuck.value.length && !unkept.value) return null;
  const text = say(refused ? "outbox.badge_refused" : "outbox.badge", { n: number(stuck.value.length) });
  return (
    <a class={`outbox-badge ${refused ? "refused" : ""}`} href={hrefOf("outbox")} aria-current={page.value === "outbox" ? "page" : undefined} aria-label={text} title={text}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={refused ? "M8 2v7.5M8 12.5v.6" : "M8 12V3M4.5 6.5 8 3l3.5 3.5M3 13.5h10"} />
      </svg>
      {number(stuck.value.length)}
    </a>
  );
}

badge.value = Badge;
