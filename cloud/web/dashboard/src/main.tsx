// The page starts here.
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { start } from "./link";
import { follow } from "./route";
import { narrow, session, wall } from "./state";
import { Shell } from "./ui/shell";
import { SignIn } from "./ui/sign_in";

function App() {
  return session.value === null ? <SignIn /> : <Shell />;
}

document.documentElement.classList.toggle("wall", wall);
const phone = matchMedia("(max-width: 720px)");
narrow.value = phone.matches;
phone.addEventListener("change", () => (narrow.value = phone.matches));
addEventListener("hashchange", follow);
follow();
start();
render(<App />, document.getElementById("app")!);
