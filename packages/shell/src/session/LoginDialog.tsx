import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "../layout/Dialog.tsx";
import { useTexts } from "../texts/useTexts.ts";
import { logIn } from "./logIn.ts";

/** The props of {@link LoginDialog}. */
export interface LoginDialogProps {
  /** The user whose session has ended; undefined if nobody was logged in. */
  readonly userName: string | undefined;
  /** Called with the user who has logged in. */
  readonly onLoggedIn: (userId: string) => void;
}

/** Asks for name and password on top of the page, which stays as it is. */
export function LoginDialog({ userName, onLoggedIn }: LoginDialogProps): ReactNode {
  const texts = useTexts();
  const [message, setMessage] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    setBusy(true);
    setMessage(undefined);
    const result = await logIn(textOf(data, "name"), textOf(data, "password"));
    setBusy(false);
    if (result.ok) onLoggedIn(result.user.id);
    else setMessage(result.message ?? texts.loginAway);
  };
  return (
    <Dialog title={texts.logInTitle}>
      <form className="shell-form" onSubmit={(event) => void submit(event)}>
        {userName !== undefined && <p>{texts.sessionEnded}</p>}
        {message !== undefined && (
          <p role="alert" className="shell-form-error">
            {message}
          </p>
        )}
        <label>
          {texts.name}
          <input name="name" autoComplete="username" required maxLength={1000} defaultValue={userName} />
        </label>
        <label>
          {texts.password}
          <input name="password" type="password" autoComplete="current-password" required maxLength={1000} />
        </label>
        <button type="submit" className="shell-button" data-kind="primary" disabled={isBusy}>
          {isBusy ? texts.loggingIn : texts.logIn}
        </button>
      </form>
    </Dialog>
  );
}

function textOf(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}
