// Papers of a supplier's own machines, handed in by a person: files are chosen or dropped, and what came of each is told.
import { useSignal } from "@preact/signals";
import { Refused } from "../api";
import { askWho } from "../link";
import { site, skuName } from "../state";
import type { OrderView } from "../types";
import { Panel } from "../ui/panel";
import { day, known, language, money, number, say, word } from "../words/words";
import { hear } from "./api";
import { English } from "../ui/english";
import { refreshed } from "./portal_news";
import type { Heard, HeardAction, Refusal } from "./types";
import { sentence, told as toldOf, worded } from "./wish";

/** The service reads no larger paper (`BYTES_MAX` in protocols/documents/papers.py). */
const BYTES_MAX = 8 * 1024 * 1024;
/** So many files are shown with what came of them; older ones leave. */
const SHOWN_MAX = 10;

interface Paper {
  id: number;
  name: string;
  /** null: on its way. */
  heard: Heard | null;
  /** Nothing at all came of it. */
  refused: { words: string; english: string } | null;
}
let last = 0;

/** How it went: all of it was done, some of it, or nothing; it waits for the site to agree; or it had come before. Pure. */
export function outcome({ done, again }: Heard): "whole" | "part" | "none" | "asked" | "again" {
  const taken = done.filter((one) => "action" in one);
  if (again) return "again";
  if (taken.length < done.length || !taken.length) return taken.length ? "part" : "none";
  const asked = taken.filter(({ action }) => action === "ask").length;
  return asked === taken.length ? "asked" : asked ? "part" : "whole";
}

/** `agreed`: mailboxes for papers are agreed on. */
export function Papers({ agreed }: { agreed: boolean }) {
  const papers = useSignal<Paper[]>([]);
  const over = useSignal(false);
  const put = (paper: Paper) => (papers.value = papers.value.map((one) => (one.id === paper.id ? paper : one)));
  const take = async (files: File[]) => {
    const taken = files.map((file) => ({ file, paper: { id: ++last, name: file.name, heard: null, refused: null } as Paper }));
    papers.value = [...taken.map(({ paper }) => paper).reverse(), ...papers.value].slice(0, SHOWN_MAX);
    for (const { file, paper } of taken) put(await handed(paper, file)); // one after the other, as they may be about one order
    refreshed();
  };
  return (
    <Panel name="handing" title={say("papers.title")}>
      {agreed ? (
        <div
          class={`drop ${over.value ? "over" : ""}`}
          onDragOver={(event) => {
            event.preventDefault();
            over.value = true;
          }}
          onDragLeave={() => (over.value = false)}
          onDrop={(event) => {
            event.preventDefault();
            over.value = false;
            void take([...(event.dataTransfer?.files ?? [])]);
          }}
        >
          <span class="pick">
            <input
              id="paper"
              type="file"
              multiple
              onChange={(event) => {
                const field = event.currentTarget;
                void take([...(field.files ?? [])]);
                field.value = ""; // so that the same file can be chosen again, once it was mended
              }}
            />
            <label for="paper" class="button main">
              {say("papers.choose")}
            </label>
          </span>
          <p class="note">{say("papers.how")}</p>
        </div>
      ) : (
        <p class="calm">{say("papers.not_agreed")}</p>
      )}
      <ul class="heard" aria-live="polite">
        {papers.value.map((paper) => (
          <li key={paper.id} class={paper.heard ? outcome(paper.heard) : paper.refused ? "none" : ""}>
            <p class="file">
              <strong>{paper.name}</strong> <span class="tag">{say(paper.heard ? `papers.${outcome(paper.heard)}` : paper.refused ? "papers.none" : "papers.under_way")}</span>
            </p>
            {paper.refused && <Said {...paper.refused} refused />}
            {paper.heard && <Read heard={paper.heard} />}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

async function handed(paper: Paper, file: File): Promise<Paper> {
  if (file.size > BYTES_MAX) return { ...paper, refused: { words: word("refused", "too_large"), english: "" } };
  try {
    return { ...paper, heard: await hear(file) };
  } catch (error) {
    if (!(error instanceof Refused)) return { ...paper, refused: { words: say("wish.not_sent"), english: "" } };
    if (error.status === 401 || error.status === 403) void askWho();
    return { ...paper, refused: toldOf(error) };
  }
}

function Read({ heard: { done, problems, again } }: { heard: Heard }) {
  return (
    <>
      {again && <p>{say("papers.came_before")}</p>}
      {done.map((one, at) => ("action" in one ? <Done key={at} action={one.action} order={one.order} /> : <No key={at} refusal={one} />))}
      {!done.length && <p>{say("papers.nothing")}</p>}
      {problems.length > 0 && (
        <>
          <p class="note">{say("papers.noticed")}</p>
          <ul class="noticed">
            {problems.map(({ code, detail }, at) => (
              <li key={at}>
                <Said {...(language.value === "en" || !known("problem", code) ? { words: sentence(detail), english: "" } : { words: word("problem", code), english: sentence(detail) })} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Done({ action, order }: { action: HeardAction; order: OrderView }) {
  if (action === "ask" && !order.asking.length) return <p>{say("papers.decided", { id: order.id })}</p>; // it came before, and the site said what it thinks
  return (
    <div class="done-with">
      <p>{say(`papers.${action}`, { id: order.id })}</p>
      <ul>
        {(action === "ask" ? order.asking.map((one) => ({ ...one, shipped: 0 })) : order.lines).map(({ sku, units, unit_price, shipped, due_ms }) => (
          <li key={sku}>
            {action === "ship" ? say("papers.line_shipped", { shipped: number(shipped), units: number(units), name: skuName(sku) }) : say("papers.line", { units: number(units), name: skuName(sku) })}
            {action === "ask" && ` · ${money(unit_price, site.value?.currency || "EUR")}`}
            {due_ms > 0 && ` · ${say("order.due", { day: day(due_ms) })}`}
          </li>
        ))}
      </ul>
    </div>
  );
}

const No = ({ refusal }: { refusal: Refusal }) => <Said {...worded(refusal)} refused />;

function Said({ words, english, refused }: { words: string; english: string; refused?: boolean }) {
  return (
    <p class={refused ? "trouble" : ""}>
      {words || english}
      {words && <English text={english} />}
    </p>
  );
}
