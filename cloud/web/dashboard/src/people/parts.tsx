// The own account, users and the audit, loaded later: see ui/later.tsx. Their words come beside them.

export { Account } from "./account";
export { Audit } from "./audit";
export { ChooseFirst } from "./choose";
export { Users } from "./users";
