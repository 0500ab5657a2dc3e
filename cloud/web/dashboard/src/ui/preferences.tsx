// Which language and which appearance somebody chose.
import { choose as chooseTheme, THEMES, theme } from "../theme";
import { choose as chooseLanguage } from "../words/books";
import { type Language, language, LANGUAGES, say } from "../words/words";

export function Preferences() {
  return (
    <>
      <fieldset>
        <legend>{say("menu.language")}</legend>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <button key={code} type="button" lang={code} aria-pressed={language.value === code} onClick={() => chooseLanguage(code as Language)}>
            {name}
          </button>
        ))}
      </fieldset>
      <fieldset>
        <legend>{say("menu.theme")}</legend>
        {THEMES.map((one) => (
          <button key={one} type="button" aria-pressed={theme.value === one} onClick={() => chooseTheme(one)}>
            {say(`theme.${one}`)}
          </button>
        ))}
      </fieldset>
    </>
  );
}
