// The own account, users and the audit, loaded later: see ui/later.tsx. Their words come beside them.

export { Account } from "./account";
export { Audit } from "./audit";
export { Users } from "./users";
