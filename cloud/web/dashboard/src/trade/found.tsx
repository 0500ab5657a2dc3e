// What came of a count, and what may have caused a difference.
import { known, number, say, word } from "../words/words";
import type { Cause, Finding } from "./types";

export function Found({ finding, counted }: { finding: Finding; counted: number }) {
  const { verdict, difference, causes } = finding;
  const shown = { counted: number(counted), difference: number(difference, 0, { signDisplay: "exceptZero" }) };
  return (
    <div class={`found ${verdict}`}>
      <p>
        <b>{word("verdict", verdict, shown)}</b>
      </p>
      {verdict === "differs" && causes.length > 0 && (
        <>
          <p class="note">{say("counting.causes")}</p>
          <ul>
            {causes.map((cause, at) => (
              <li key={at}>{caused(cause)}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** In words: a code may stand there twice, as goods that came may be those of an order or not. Pure. */
export function caused({ code: given, evidence }: Cause): string {
  const code = evidence.order !== undefined && known("cause", `${given}_of_order`) ? `${given}_of_order` : given;
  const params = Object.fromEntries(Object.entries(evidence).map(([name, value]) => [name, typeof value === "number" ? number(value) : (value ?? "–")]));
  return known("cause", code) ? word("cause", code, params) : code;
}
