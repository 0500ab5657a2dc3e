// The own account, users and the audit, loaded later: see ui/later.tsx. Their words come beside them.
import "../style/trade.css";
import "../style/crew.css";
import "../style/people.css";

export { Account } from "./account";
export { Audit } from "./audit";
export { ChooseFirst } from "./choose";
export { Users } from "./users";
