// The page starts here.
import "./style/ground.css";
import "./style/frame.css";
import "./style/parts.css";
import "./style/controls.css";
import "./style/screens.css";
import { render } from "preact";
import { start } from "./link";
import { follow } from "./route";
import { broad, may, narrow, roomy, session, wall } from "./state";
import { Shell } from "./ui/shell";
import { Later, LaterDoor, LaterPeople } from "./ui/later";
import { entitle } from "./ui/title";
import { bring } from "./words/books";

function App() {
  if (session.value === null) return <LaterDoor part="SignIn" />;
  if (session.value?.pending) return <LaterPeople part="ChooseFirst" />;
  return may("portal") ? <Later part="Portal" /> : <Shell />;
}

document.documentElement.classList.toggle("wall", wall);
for (const [width, query] of [[narrow, matchMedia("(max-width: 720px)")], [roomy, matchMedia("(min-width: 1000px)")], [broad, matchMedia("(min-width: 1560px)")]] as const) {
  width.value = query.matches;
  query.addEventListener("change", () => (width.value = query.matches));
}
addEventListener("hashchange", follow);
follow();
start();
await bring("page", "rules").catch(() => undefined); // codes are shown rather than nothing
entitle();
render(<App />, document.getElementById("app")!);
