// The door, loaded when nobody is signed in; its words come with it.
import { en } from "../words/door_en";
import { zh } from "../words/door_zh";
import { add } from "../words/words";

add({ en, zh });

export { SignIn } from "./sign_in";
