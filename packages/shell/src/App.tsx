import { PeekProvider } from "@peek/client/react";
import { LocaleProvider } from "@peek/web/host";
import { type ReactNode, useEffect, useMemo } from "react";
import { Router } from "wouter";
import { useApp } from "./AppServices.ts";
import { AppPages } from "./AppPages.tsx";
import { Dialog } from "./layout/Dialog.tsx";
import { LoadingView } from "./pluginPage/LoadingView.tsx";
import { LoginDialog } from "./session/LoginDialog.tsx";
import { useIsOtherUser } from "./session/useIsOtherUser.ts";
import { useNeedsLogin } from "./session/useNeedsLogin.ts";
import { applySettings } from "./settings/applySettings.ts";
import { languageOf } from "./settings/languageOf.ts";
import { useStore } from "./store/useStore.ts";
import { useTexts } from "./texts/useTexts.ts";

/** The whole app. */
export function App(): ReactNode {
  const { settings, navigation, catalogue } = useApp();
  const chosen = useStore(settings.state);
  const site = useStore(catalogue.state).catalogue?.site;
  const { timeZone, hourCycle } = chosen;
  const language = languageOf(chosen);
  const locale = useMemo(() => ({ language, timeZone, hourCycle }), [language, timeZone, hourCycle]);
  useEffect(() => applySettings(chosen, site), [chosen, site]);
  const useLocation = useMemo(
    () => (): [string, (to: string, options?: { replace?: boolean }) => void] => [
      useStore(navigation.path),
      (to, options) => navigation.navigate(to, options),
    ],
    [navigation],
  );
  return (
    <LocaleProvider locale={locale}>
      <Router hook={useLocation}>
        <Session />
      </Router>
    </LocaleProvider>
  );
}

/** The pages for the user with whom the app was opened: for another one, it is opened anew. */
function Session(): ReactNode {
  const { catalogue, client, events } = useApp();
  const texts = useTexts();
  const { catalogue: shown, status, problem } = useStore(catalogue.state);
  const isOther = useIsOtherUser();
  const needsLogin = useNeedsLogin();
  const present = client();
  const isAnonymous = shown?.user.anonymous === true;
  useEffect(() => {
    if (!isOther) return;
    // Without a login, it is the same person: two tabs that a new device opens at once begin as two users.
    if (isAnonymous) location.reload();
    else location.replace("/");
  }, [isOther, isAnonymous]);
  if (isOther) return <p role="status">{texts.otherUser}</p>;

  const loggedIn = (userId: string): void => {
    if (shown !== undefined && shown.user.id !== userId) return location.replace("/");
    present?.reconnect();
    events.connect();
    void catalogue.refresh();
  };
  const login = needsLogin && <LoginDialog userName={shown?.user.name} onLoggedIn={loggedIn} />;
  if (shown !== undefined) {
    const pages = <AppPages catalogue={shown} />;
    return (
      <>
        {present === undefined ? pages : <PeekProvider client={present}>{pages}</PeekProvider>}
        {login}
      </>
    );
  }
  if (needsLogin) return login;
  if (status === "loading") return <LoadingView />;
  const isRefused = status === "refused";
  return (
    <Dialog title={isRefused ? texts.siteRefused : texts.siteUnreachable}>
      <p>{problem ?? texts.siteUnreachableText}</p>
      <button type="button" className="shell-button" onClick={() => void catalogue.refresh()}>
        {texts.tryAgain}
      </button>
    </Dialog>
  );
}
