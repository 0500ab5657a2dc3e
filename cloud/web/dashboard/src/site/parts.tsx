// The site editor and the channels, loaded later: see ui/later.tsx. Their words and looks come beside them.
import "../style/trade.css";
import "../style/people.css";
import "../style/site.css";

export { Channels } from "./channels";
export { SitePage } from "./page";
