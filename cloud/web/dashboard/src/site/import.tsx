// A sheet of slots, SKUs, devices, zones or racks: looked at first, line by line with every problem, then applied as it
// was shown or not at all.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Refused } from "../api";
import { useWish } from "../trade/wish";
import type { RowChange, SiteFlaw, SitePreview, SiteState } from "../types_site";
import { Panel } from "../ui/panel";
import { number, say, word } from "../words/words";
import { apply, more, preview, sheetOf, type Table, TABLES } from "./api";
import { Flaw, Flaws, General } from "./flaws";

export function Import({ site, changed }: { site: SiteState; changed: () => void }) {
  const table = useSignal<Table>("slots");
  const name = useSignal("");
  const found = useSignal<SitePreview | null>(null);
  const done = useSignal("");
  const [wish, make] = useWish();
  const id = useId();
  const look = async (file: File | undefined) => {
    if (!file) return;
    name.value = file.name;
    found.value = null;
    done.value = "";
    await make({ file: file.name, at: Date.now() }, async () => (found.value = await preview(table.value, file)));
  };
  const shown = found.value;
  return (
    <Panel name="site-import" title={word("site.tab", "import")}>
      <div class="padded import">
        <p class="note">{say("import.about")}</p>
        <div class="fields">
          <div class="field">
            <label for={`${id}-table`}>{say("import.what")}</label>
            <select id={`${id}-table`} value={table.value} onChange={(event) => ((table.value = event.currentTarget.value as Table), (found.value = null))}>
              {TABLES.map((one) => <option key={one} value={one}>{word("site.tab", one)}</option>)}
            </select>
          </div>
          <div class="field">
            <span class="note">{say("import.file")}</span>
            <label class="button file" for={`${id}-file`}>{say("import.choose")}</label>
            <input id={`${id}-file`} class="hidden" type="file" accept=".csv,.tsv,.txt,text/csv" onChange={(event) => (void look(event.currentTarget.files?.[0]), (event.currentTarget.value = ""))} />
          </div>
        </div>
        <p><a href={sheetOf(table.value)} download={`${table.value}.csv`}>{say("import.template")}</a></p>
        <p class="trouble" role="status"><General wish={wish.value} flaws={[]} /></p>
        <p role="status">{wish.value.busy ? say("import.looking") : done.value}</p>
      </div>
      {shown && <Found key={`${shown.digest} ${name.value}`} name={name.value} shown={shown} stale={shown.revision !== site.revision} done={(words) => ((found.value = null), (done.value = words), changed())} />}
    </Panel>
  );
}

function Found({ name, shown, stale, done }: { name: string; shown: SitePreview; stale: boolean; done: (words: string) => void }) {
  const [wish, make] = useWish();
  const flaws = useSignal<SiteFlaw[]>([]);
  const enter = () =>
    make({ digest: shown.digest }, async (key) => {
      try {
        await apply(shown.digest, shown.still.length > 0, key);
      } catch (error) {
        if (error instanceof Refused) flaws.value = more(error).errors?.filter((flaw) => flaw.code) ?? [];
        throw error;
      }
    }).then((applied) => applied && done(say("import.done", { added: number(shown.added), changed: number(shown.changed) })));
  const counts: [string, number][] = [["added", shown.added], ["changed", shown.changed], ["unchanged", shown.unchanged], ["problems", shown.n_problems]];
  return (
    <section class="import-found" aria-label={say("import.preview", { name })}>
      <h3 class="padded">{say("import.preview", { name })}</h3>
      <ul class="import-counts">
        {counts.map(([what, n]) => <li key={what} class={what === "problems" && n ? "bad" : ""}><b>{number(n)}</b> {word("import.n", what === "problems" && n === 1 ? "problem" : what)}</li>)}
      </ul>
      {shown.problems.length > 0 && (
        <div class="scrolling" tabIndex={0} role="group" aria-label={say("import.problems")}>
          <table>
            <caption class="hidden">{say("import.problems")}</caption>
            <thead><tr><th scope="col" class="n">{say("import.line")}</th><th scope="col">{say("import.column")}</th><th scope="col">{say("import.problem")}</th></tr></thead>
            <tbody>
              {shown.problems.map((one, n) => (
                <tr key={n}><td class="n">{one.line ? number(one.line) : "–"}</td><td>{one.column ? <code>{one.column}</code> : "–"}</td><td><Flaw one={one} /></td></tr>
              ))}
            </tbody>
          </table>
          {shown.n_problems > shown.problems.length && <p class="padded note">{say("import.more_problems", { n: number(shown.n_problems - shown.problems.length) })}</p>}
        </div>
      )}
      {!shown.n_problems && shown.changes.length > 0 && (
        <details class="padded" open={shown.changes.length <= 20}>
          <summary><i class="unfold" aria-hidden="true" /> {say("import.changes")}</summary>
          <ul class="import-changes">
            {shown.changes.map((one) => <Change key={one.line} one={one} />)}
          </ul>
          {shown.added + shown.changed > shown.changes.length && <p class="note">{say("import.more_changes", { n: number(shown.added + shown.changed - shown.changes.length) })}</p>}
        </details>
      )}
      {shown.still.length > 0 && <div class="padded holding"><p><strong>{say("site.holds")}</strong></p><Flaws list={shown.still.slice(0, 20)} /></div>}
      <div class="padded">
        {shown.n_problems > 0 && <p>{say("import.mend")}</p>}
        {!shown.n_problems && !shown.digest && <p>{say("import.nothing")}</p>}
        {stale && <p class="trouble">{say("import.stale")}</p>}
        <div class="trouble" role="status"><General wish={wish.value} flaws={flaws.value} /></div>
        {shown.digest && !stale && (
          <div class="acts">
            <button type="button" class="main" aria-disabled={wish.value.busy} onClick={() => void enter()}>{say(shown.still.length ? "import.insist" : shown.added + shown.changed === 1 ? "import.apply_one" : "import.apply", { n: number(shown.added + shown.changed) })}</button>
          </div>
        )}
      </div>
    </section>
  );
}

function Change({ one }: { one: RowChange }) {
  const text = (value: unknown) => (value === null || value === undefined || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
  return (
    <li>
      <span class="tag">{say(one.new ? "import.new" : "import.line_n", { n: number(one.line) })}</span> <strong>{one.id}</strong>{" "}
      {!one.new && one.cells.map((cell) => <span key={cell.name} class="note">{word("sf", cell.name)}: <s>{text(cell.before)}</s> → <b>{text(cell.after)}</b> </span>)}
    </li>
  );
}
