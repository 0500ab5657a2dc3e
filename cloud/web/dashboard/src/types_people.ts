// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

/**
 * What somebody did, or was refused. `who`: "" where nobody is known; `token`: by which of their tokens; `what`: the
 * operationId of the write, `subject` its address; `note`: what else is worth saying, `#12` what was made; `address`:
 * from where; `status` and `code`: how it was answered.
 */
export interface DeedView {
  id: number;
  at_ms: number;
  who: string;
  token: string;
  what: string;
  subject: string;
  note: string;
  address: string;
  status: number;
  code: string;
}

/**
 * Some of them, the newest first; `next` is where to go on. `kept`: so many are kept, the oldest leave; `waiting` and
 * `lost`: how many could not be written down yet, and how many never will be, since the service started.
 */
export interface DeedsPage {
  items: DeedView[];
  next: string | null;
  kept: number;
  waiting: number;
  lost: number;
}

/** What a token is to be called, what it may do, and for how many days. */
export interface NewToken {
  name: string;
  scopes: ("buy" | "govern" | "handle" | "look" | "maintain" | "portal" | "respond")[];
  days?: number;
}

/** Who is to be let in, as what; `supplier` for whom, with the role of the same name. */
export interface NewUser {
  name: string;
  role: "admin" | "buyer" | "maintenance" | "operator" | "supplier" | "viewer";
  supplier?: string;
}

/** Nothing. */
export interface NoFields {

}

/**
 * A session that is open: since when, when it was last used (to the minute), until when where it is not used any more,
 * and from which address and browser it was opened. `current`: it is the one that asks.
 */
export interface SessionView {
  id: string;
  user: string;
  since_ms: number;
  used_ms: number;
  expires_ms: number;
  address: string;
  browser: string;
  current: boolean;
}

/** A new token, and its secret, which is told this once. */
export interface TokenMade {
  token: TokenView;
  secret: string;
}

/**
 * An API token: what it was made for, and what it may now, as its owner may no more. `expires_ms`: null for one of
 * before tokens had an end; `used_ms`: to the minute, null where it never was.
 */
export interface TokenView {
  id: string;
  owner: string;
  name: string;
  scopes: ("buy" | "govern" | "handle" | "look" | "maintain" | "portal" | "respond")[];
  rights: ("buy" | "govern" | "handle" | "look" | "maintain" | "portal" | "respond")[];
  made_ms: number;
  expires_ms: number | null;
  used_ms: number | null;
}

/** What is to be another with an account; what is left out stays. */
export interface UserChange {
  role?: "admin" | "buyer" | "maintenance" | "operator" | "supplier" | "viewer" | null;
  supplier?: string | null;
  disabled?: boolean | null;
}

/** An account with a new one-time password, which is told this once. */
export interface UserMade {
  user: UserView;
  password: string;
}

/**
 * An account. `supplier`: for whom it acts, of a supplier's. `pending`: its password is a one-time one. `own`: it has
 * a password here; `vouched`: another service signs it in. `sessions` and `tokens`: how many it has. `signed_in_ms`:
 * null where nobody ever was.
 */
export interface UserView {
  name: string;
  role: "admin" | "buyer" | "maintenance" | "operator" | "supplier" | "viewer";
  supplier: string;
  disabled: boolean;
  pending: boolean;
  own: boolean;
  vouched: boolean;
  signed_in_ms: number | null;
  sessions: number;
  tokens: number;
  changed_ms: number;
  changed_by: string;
}
