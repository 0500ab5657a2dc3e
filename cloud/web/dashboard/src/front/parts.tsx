// What the overview shows of zones and equipment, loaded later: see ui/later.tsx. Its words come beside it.

export { Trends } from "./trends";
