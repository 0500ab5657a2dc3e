// One slot or one article, beside the page it was opened from. Its address is #/slot/ID or #/sku/ID.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { countHref, detail, skuHref, skuPageHref, slotHref, under } from "../route";
import { alertsInOrder, deviceName, devices, may, needsDone, needsInOrder, skuName, skus, slots, zoneName } from "../state";
import type { SkuView, SlotView } from "../types";
import { figure, number, percent, quantity, say, word } from "../words/words";
import { HealthMark, SeverityMark, Status, StatusMark } from "./marks";
import { Later, LaterChart, LaterGate } from "./later";
import { Need } from "./needs";
import { Since } from "./panel";
import { because, titled } from "./said";
import { onHand, Unknown, Was } from "./stock";

export function Drawer() {
  const shown = detail.value;
  const title = useRef<HTMLHeadingElement>(null);
  const opener = useRef<Element | null>(null);
  const address = shown && `${shown.kind}/${shown.id}`;
  useEffect(() => {
    if (!address) {
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus({ preventScroll: true });
      opener.current = null;
      return;
    }
    const before = document.activeElement;
    if (before && before !== document.body && !before.closest(".drawer")) opener.current = before;
    title.current?.focus();
  }, [address]);
  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && detail.value) location.hash = under.value;
    };
    addEventListener("keydown", escape);
    return () => removeEventListener("keydown", escape);
  }, []);
  if (!shown) return null;
  const slot = shown.kind === "slot" ? slots.value.get(shown.id) : undefined;
  const sku = shown.kind === "sku" ? skus.value.get(shown.id) : undefined;
  return (
    <div class="drawer" role="dialog" aria-labelledby="drawer-title">
      <div class="head">
        <h2 id="drawer-title" ref={title} tabIndex={-1}>
          {shown.kind === "slot" ? say("drawer.slot", { id: shown.id }) : skuName(shown.id)}
        </h2>
        <a class="close" href={under.value} aria-label={say("drawer.close")}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3.5 3.5l9 9m0-9-9 9" />
          </svg>
        </a>
      </div>
      <div class="content">
        {slot ? <Slot slot={slot} /> : sku ? <Article sku={sku} /> : <p class="calm">{say("drawer.missing", { id: shown.id })}</p>}
      </div>
    </div>
  );
}

function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Slot({ slot }: { slot: SlotView }) {
  const device = devices.value.get(slot.device);
  return (
    <>
      <p class="headline">
        <b>{slot.count === null ? "?" : number(slot.count)}</b> / {number(slot.capacity)} <Status status={slot.status} />
      </p>
      {(slot.count === null || slot.status === "silent") && slot.reason && (
        <p class="advice">
          {because(slot)}
          {slot.remedy && <strong> {word("remedy", slot.remedy)}</strong>}
        </p>
      )}
      <Facts>
        <Fact name={say("drawer.article")}>
          <a href={skuHref(slot.sku)}>{skuName(slot.sku)}</a>
        </Fact>
        <Fact name={say("drawer.zone")}>{zoneName(slot.zone)}</Fact>
        <Fact name={say("drawer.interval")}>{`${number(slot.low)} – ${number(slot.high)}`}</Fact>
        {slot.booked !== null && (
          <Fact name={say("drawer.booked")}>
            {number(slot.booked)} {slot.differs && <strong>{say("drawer.differs")}</strong>}
          </Fact>
        )}
        <Fact name={say("drawer.confidence")}>{percent(slot.confidence, 1)}</Fact>
        <Fact name={say("drawer.mass")}>{slot.mass_g >= 10_000 ? quantity(slot.mass_g / 1000, "kg", 2) : quantity(slot.mass_g, "g", 0)}</Fact>
        <Fact name={say("drawer.measured")}>{slot.at_ms ? <Since at={slot.at_ms} /> : say("devices.never")}</Fact>
        <Fact name={say("drawer.device")}>
          {deviceName(slot.device)}
          {device && (
            <span class="state">
              {" "}
              <HealthMark state={device.state} /> {word("device", device.state)}
            </span>
          )}
        </Fact>
        {device && device.battery_pct !== null && <Fact name={say("devices.battery")}>{`${number(device.battery_pct)}%`}</Fact>}
      </Facts>
      {may("handle") && (
        <p>
          <a class="button" href={countHref(slot.id)}>
            {say("drawer.count_it")}
          </a>
        </p>
      )}
      <LaterGate key={slot.id} part="HowCome" slot={slot} />
      <Concerns subjects={[slot.id, slot.device]} />
      {device && Object.entries(device.series).slice(0, 4).map(([quantity, key]) => <LaterChart key={key} part="Course" quantity={quantity} series={key} />)}
    </>
  );
}

function Article({ sku }: { sku: SkuView }) {
  const lying = [...slots.value.values()].filter((slot) => slot.sku === sku.id);
  const need = [...needsInOrder.value, ...needsDone.value].find((one) => one.sku === sku.id);
  const or = (value: number | null, told: (value: number) => string) => (value === null ? say("drawer.unknown") : told(value));
  return (
    <>
      <p class="headline">
        <b>{onHand(sku)}</b> <Status status={sku.status} /> <Was sku={sku.id} />
      </p>
      <p class="note">
        {sku.id}
        {sku.discontinued && ` · ${say("drawer.discontinued")}`}
      </p>
      <p>
        <a class="button" href={skuPageHref(sku.id)}>
          {say("drawer.whole_page")}
        </a>
      </p>
      <Facts>
        <Fact name={say("why.daily_demand")}>{or(sku.daily_demand, figure)}</Fact>
        <Fact name={say("why.reorder_point")}>{or(sku.reorder_point, number)}</Fact>
        <Fact name={say("drawer.order_quantity")}>{or(sku.order_quantity, number)}</Fact>
        {sku.abc + sku.xyz && <Fact name={say("drawer.class")}>{sku.abc + sku.xyz}</Fact>}
        {sku.service_level !== null && <Fact name={say("why.service_level")}>{percent(sku.service_level, 1)}</Fact>}
        <Fact name={say("drawer.replenish")}>{word("replenish", sku.replenish)}</Fact>
        <Fact name={say("drawer.cover")}>{or(sku.cover_days, (days) => say("drawer.days", { n: number(days, 1) }))}</Fact>
      </Facts>
      <Later part="Supply" sku={sku} />
      <Concerns subjects={[sku.id]} />
      {need && (
        <section>
          <h3>{say("needs.title")}</h3>
          <ul class="rows needs">
            <Need need={need} />
          </ul>
        </section>
      )}
      <section>
        <h3>{say("drawer.slots")}</h3>
        <ul class="places">
          {lying.map((slot) => (
            <li key={slot.id}>
              {slot.count === null ? (
                <Unknown slot={slot} />
              ) : (
                <>
                  <StatusMark status={slot.status} /> <a href={slotHref(slot.id)}>{slot.id}</a>
                  <span>
                    <b>{number(slot.count)}</b> / {number(slot.capacity)}
                  </span>
                </>
              )}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Concerns({ subjects }: { subjects: string[] }) {
  const found = alertsInOrder.value.filter((alert) => subjects.includes(alert.subject));
  if (!found.length) return null;
  return (
    <section>
      <h3>{say("drawer.alerts")}</h3>
      <ul class="places">
        {found.map((alert) => (
          <li key={alert.id}>
            <SeverityMark severity={alert.severity} /> <span>{titled(alert)}</span> <Since at={alert.since_ms} />
          </li>
        ))}
      </ul>
    </section>
  );
}
