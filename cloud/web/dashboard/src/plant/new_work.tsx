// Opening a maintenance order: for what, by whom, when, with which parts.
import { useSignal } from "@preact/signals";
import type { Field } from "../core/forms";
import { Refused } from "../api";
import { now } from "../state";
import { Form } from "../trade/form";
import { say, timezone, word } from "../words/words";
import { WORK } from "./api";
import { assets } from "./live";
import { people } from "./people";
import { send } from "./sending";
import { type Parts, PartsPicker } from "./parts_picker";
import { faulty } from "./features";
import { assetName } from "./told";
import type { AssetView } from "../types";
import { planBody, planFields, windowTrouble } from "./work_forms";

/** `asset` null: it is asked for too. */
export function NewWork({ asset, leave }: { asset: AssetView | null; leave: () => void }) {
  const parts = useSignal<Parts>(new Map());
  const all = [...(assets.value.values())].sort((a, b) => assetName(a, a.id).localeCompare(assetName(b, b.id)));
  const of: Field = { name: "asset", label: say("work.which"), kind: "choice", needed: true, choices: [["", "–"], ...all.map((one): [string, string] => [one.id, assetName(one, one.id)])] };
  const fault = asset?.faults[0];
  const fields = planFields(null, now.value, timezone.value, people()).map((one) => (one.name === "title" && fault ? { ...one, value: faulty(fault) } : one));
  return (
    <div class="opening">
      <Form
        label={say("work.open")}
        fields={asset ? fields : [of, ...fields]}
        submit={say("work.open")}
        besides={{ parts: JSON.stringify([...parts.value]) }}
        send={async (values, key) => {
          const trouble = windowTrouble(values, now.value, timezone.value);
          if (trouble) throw new Refused(400, { reason: trouble, detail: word("window_trouble", trouble), hint: "", field: "until" });
          const body = { ...planBody(values, timezone.value, parts.value), asset: asset?.id ?? values.asset ?? "", ...(fault && { fault: fault.code }) };
          await send(WORK, "open", null, body, key);
        }}
        done={leave}
        close={leave}
      >
        <PartsPicker parts={parts} />
      </Form>
    </div>
  );
}
