import { Icon, type WebUser } from "@peek/web/host";
import { type ReactNode, useId } from "react";
import { logOut } from "../session/logIn.ts";
import { useTexts } from "../texts/useTexts.ts";

/** The props of {@link UserMenu}. */
export interface UserMenuProps {
  readonly user: WebUser;
  readonly canLogOut: boolean;
}

/** Who is logged in, and the way to log out. */
export function UserMenu({ user, canLogOut }: UserMenuProps): ReactNode {
  const texts = useTexts();
  const id = useId();
  const name = user.anonymous ? texts.notLoggedIn : user.name;
  return (
    <div className="shell-user">
      <button type="button" className="shell-user-button" popoverTarget={id} aria-label={`${texts.user}: ${name}`}>
        <Icon name="user" />
        <span className="shell-user-name">
          <bdi>{name}</bdi>
        </span>
      </button>
      <div id={id} popover="auto" className="shell-popover">
        <p>
          <strong>
            <bdi>{name}</bdi>
          </strong>
        </p>
        {user.groups.length > 0 && <p className="shell-muted">{user.groups.join(", ")}</p>}
        {canLogOut && (
          <button type="button" className="shell-button" onClick={() => void logOut()}>
            {texts.logOut}
          </button>
        )}
      </div>
    </div>
  );
}
