// The values of a thing as they are typed, and back. Pure.
import { amount, narrowed, reading, written } from "../core/forms";
import type { FieldView, SiteFlaw } from "../types_site";

export type Texts = Record<string, string>;
export type Values = Record<string, unknown>;
const SIDES = ["x_m", "y_m", "width_m", "depth_m"] as const;

/** The fields as they are typed: a place on the plan is four numbers. */
export const typed = (fields: FieldView[]): FieldView[] =>
  fields.flatMap((one) => (one.kind === "area" ? SIDES.map((side): FieldView => ({ ...one, name: `area.${side}`, kind: "number", needed: false, default: null })) : [one]));

/** What stands in a field at first; "" where it is left out. */
export function shown(field: FieldView, values: Values): string {
  const [name, side] = field.name.split(".");
  const value = side ? ((values[name!] as Record<string, unknown> | null)?.[side] ?? null) : (values[name!] ?? null);
  if (value === null) return "";
  if (field.kind === "flag") return value ? "true" : "false";
  if (field.kind === "pairs") return Object.entries(value as Record<string, unknown>).map(([key, one]) => `${key}=${one}`).join(" ");
  if (field.kind === "wholes") return (value as number[]).join(" ");
  return typeof value === "number" ? written(value) : String(value);
}

/** What was typed as a value: null for nothing. What is no value of its kind is left as text, and the service says so. */
export function read(field: FieldView, text: string): unknown {
  const given = text.trim();
  if (!given) return field.needed && field.kind === "text" ? "" : null;
  switch (field.kind) {
    case "number":
      return amount(given, "money") ?? given;
    case "whole":
      return amount(given, "whole") ?? given;
    case "flag":
      return given === "true";
    case "wholes":
      return narrowed(given).split(/[\s,]+/).map((one) => amount(one, "whole") ?? one);
    case "pairs":
      return Object.fromEntries(given.split(/\s+/).map((one) => one.split("=")).map(([key, value]) => [key, field.name === "protected" ? (amount(value ?? "", "whole") ?? value ?? "") : (value ?? "")]));
    default:
      return given;
  }
}

/** Where a number can be read in two ways: as what, at its field. */
export function unclear(fields: FieldView[], texts: Texts): SiteFlaw[] {
  return typed(fields).flatMap(({ name, kind }): SiteFlaw[] => {
    const value = texts[name]?.trim() ?? "";
    const read = kind === "whole" ? reading(value, kind) : kind === "number" ? reading(value, "money") : null;
    return read && typeof read === "object" ? [{ pointer: `/${name.replace(".", "/")}`, code: "unclear", detail: "", told: { value, ...read } }] : [];
  });
}

/** Numbers of units, of which one that grew so many times may be a slip. */
const UNITS = ["capacity", "moq", "pack"];
const GROWN = 10;

/** Numbers of units that grew that much. */
export function grown(before: Values, values: Values): { name: string; from: number; to: number }[] {
  return UNITS.flatMap((name) => {
    const [from, to] = [before[name], values[name]];
    return typeof from === "number" && typeof to === "number" && from > 0 && to >= GROWN * from ? [{ name, from, to }] : [];
  });
}

/** The values that differ from those of before, as the service takes them. */
export function changes(fields: FieldView[], before: Values, texts: Texts): Values {
  const found: Values = {};
  for (const field of fields) {
    if (field.kind === "area") {
      const sides = typed([field]);
      if (sides.every((one) => (texts[one.name] ?? shown(one, before)) === shown(one, before))) continue;
      const all = SIDES.map((side, n) => [side, read(sides[n]!, texts[sides[n]!.name] ?? shown(sides[n]!, before))] as const);
      found.area = all.every(([, value]) => value === null) ? null : Object.fromEntries(all);
    } else {
      const text = texts[field.name];
      if (text !== undefined && text.trim() !== shown(field, before).trim()) found[field.name] = read(field, text);
    }
  }
  return found;
}

/** The field in which a flaw is shown: a place on the plan has four. */
export const fieldOf = (pointer: string): string => {
  const name = pointer.split("/")[1] ?? "";
  return name === "area" ? "area.x_m" : name;
};
