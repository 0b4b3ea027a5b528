import { webPaths } from "@peek/web/protocol";
import { escapeHtml, htmlPage } from "../site/htmlPage.ts";

/** The contents of the login page. */
export interface LoginPageParts {
  readonly title: string;
  readonly token: string;
  readonly returnTo: string;
  /** The name of the failed login. */
  readonly name?: string;
  /** Why the login failed. */
  readonly message?: string;
}

/** Makes the page at `/peek/login`: a form that works without scripts. */
export function loginPage({ title, token, returnTo, name = "", message }: LoginPageParts): string {
  const failure = message === undefined ? "" : `<p role="alert">${escapeHtml(message)}</p>`;
  return htmlPage(
    `Log in: ${title}`,
    `<img class="peek-mark" src="${webPaths.appIcon}" alt="">
<h1>${escapeHtml(title)}</h1>
${failure}
<form method="post" action="/peek/login">
<input type="hidden" name="token" value="${escapeHtml(token)}">
<input type="hidden" name="return" value="${escapeHtml(returnTo)}">
<label>Name <input name="name" value="${escapeHtml(name)}" maxlength="100" autocomplete="username" autocapitalize="none" spellcheck="false" required${name === "" ? " autofocus" : ""}></label>
<label>Password <input name="password" type="password" maxlength="1000" autocomplete="current-password" required${name === "" ? "" : " autofocus"}></label>
<button>Log in</button>
</form>`,
  );
}
