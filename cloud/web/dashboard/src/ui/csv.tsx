// A table to take away, as a plain link: the whole of it, whatever the page shows of it just now.
import { say } from "../words/words";

export function Csv({ table }: { table: "stock" | "order_lines" | "alerts" | "assets" }) {
  return (
    <a href={`/api/v1/exports/${table}`} download="">
      {say("export.csv")}
    </a>
  );
}
