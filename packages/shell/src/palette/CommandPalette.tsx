import { Icon } from "@peek/web/host";
import type { WebCatalogue } from "@peek/web/protocol";
import { type ReactNode, useMemo } from "react";
import { Autocomplete, Input, Menu, MenuItem, SearchField, useFilter } from "react-aria-components";
import { useApp } from "../AppServices.ts";
import { Dialog } from "../layout/Dialog.tsx";
import { runCommand } from "./runCommand.ts";
import { useTexts } from "../texts/useTexts.ts";
import { paletteEntries } from "./PaletteEntry.ts";

/** The props of {@link CommandPalette}. */
export interface CommandPaletteProps {
  readonly catalogue: WebCatalogue;
  readonly onClose: () => void;
}

/** Finds pages and commands by a part of their name. */
export default function CommandPalette({ catalogue, onClose }: CommandPaletteProps): ReactNode {
  const app = useApp();
  const texts = useTexts();
  const { contains } = useFilter({ sensitivity: "base" });
  const entries = useMemo(() => paletteEntries(catalogue, texts), [catalogue, texts]);
  const matches = (text: string, input: string): boolean => input.split(/\s+/).every((word) => contains(text, word));
  const choose = (id: string | number): void => {
    const entry = entries.find((each) => each.id === id);
    onClose();
    if (entry === undefined) return;
    if ("open" in entry.action) app.navigation.navigate(entry.action.open);
    else void runCommand(app, entry.action.plugin, entry.action.command, texts);
  };
  return (
    <Dialog title={texts.searchHint} place="top" onClose={onClose}>
      <Autocomplete filter={matches}>
        <SearchField aria-label={texts.searchHint} autoFocus className="shell-palette-search">
          <Input placeholder={texts.searchHint} />
        </SearchField>
        <Menu
          aria-label={texts.searchHint}
          items={entries}
          className="shell-palette-list"
          onAction={choose}
          renderEmptyState={() => <p className="shell-muted">{texts.noResults}</p>}
        >
          {({ id, title, group, icon, searched }) => (
            <MenuItem id={id} textValue={searched} className="shell-palette-item">
              <Icon name={icon} />
              <span className="shell-palette-title" dir="auto">
                {title}
              </span>
              <span className="shell-muted" dir="auto">
                {group}
              </span>
            </MenuItem>
          )}
        </Menu>
      </Autocomplete>
    </Dialog>
  );
}
