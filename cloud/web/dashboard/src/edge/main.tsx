// The gateway's own page starts here: the dashboard's parts, and no service behind them.
import "../style/ground.css";
import "../style/frame.css";
import "../style/parts.css";
import "../style/crew.css";
import "../style/gate.css";
import "../style/field.css";
import "../style/screens.css";
import "../style/home.css";
import { render } from "preact";
import { worn } from "../sheets";
import { bring } from "../words/books";
import { Home } from "./page";

await worn().catch(() => undefined);
await bring("page", "rules", "gate", "field", "refused", "home").catch(() => undefined); // codes are shown rather than nothing
render(<Home />, document.getElementById("app")!);
