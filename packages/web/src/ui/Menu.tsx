import { type ReactNode, useContext } from "react";
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { OverlayContainerContext } from "../host/OverlayContainerContext.ts";
import { Button, type ButtonProps } from "./Button.tsx";
import type { Choice } from "./Choice.ts";
import { Icon } from "./Icon.tsx";

/** The props of {@link Menu}. */
export interface MenuProps<Id extends string> extends Pick<
  ButtonProps,
  "children" | "label" | "icon" | "kind" | "isDisabled"
> {
  readonly items: readonly Choice<Id>[];
  readonly onAction: (id: Id) => unknown;
}

/** A button that opens a list of actions. */
export function Menu<Id extends string>({ items, onAction, ...button }: MenuProps<Id>): ReactNode {
  const container = useContext(OverlayContainerContext);
  const act = (key: string | number): void => {
    const chosen = items.find(({ id }) => id === key);
    if (chosen !== undefined) void onAction(chosen.id);
  };
  return (
    <MenuTrigger>
      <Button {...button} />
      <Popover className="peek-popover" {...(container !== null && { UNSTABLE_portalContainer: container })}>
        <AriaMenu className="peek-list" items={items} onAction={act}>
          {({ id, text, icon, isDisabled }) => (
            <MenuItem id={id} textValue={text} className="peek-list-item" isDisabled={isDisabled === true}>
              {icon !== undefined && <Icon name={icon} />}
              <bdi>{text}</bdi>
            </MenuItem>
          )}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
