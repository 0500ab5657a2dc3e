// The door, loaded when nobody is signed in; its words come beside it.

export { SignIn } from "./sign_in";
