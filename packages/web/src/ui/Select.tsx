import { type ReactNode, useContext } from "react";
import { Button, ListBox, ListBoxItem, Popover, Select as AriaSelect, SelectValue } from "react-aria-components";
import { OverlayContainerContext } from "../host/OverlayContainerContext.ts";
import { useKitTexts } from "../locale/useKitTexts.ts";
import { ariaFieldProps } from "./ariaFieldProps.ts";
import type { Choice } from "./Choice.ts";
import type { FieldProps } from "./FieldProps.ts";
import { FieldHints, FieldLabel } from "./FieldTexts.tsx";
import { Icon } from "./Icon.tsx";
import { TextField } from "./TextField.tsx";

/** The props of {@link Select}. */
export interface SelectProps<Id extends string> extends FieldProps<Id> {
  readonly options: readonly Choice<Id>[];
  readonly placeholder?: string;
}

/** A field for one of several choices. */
export function Select<Id extends string>(props: SelectProps<Id>): ReactNode {
  const texts = useKitTexts();
  const container = useContext(OverlayContainerContext);
  const { label, description, error, options, placeholder = texts.select, isRequired, value, onChange } = props;
  const { isReadOnly, ...aria } = ariaFieldProps(props);
  const choose = (key: string | number | null): void => {
    onChange?.(options.find(({ id }) => id === key)?.id);
  };
  if (isReadOnly) {
    // React Aria's Select has no such state.
    const { options: _options, placeholder: _placeholder, ...field } = props;
    const text = options.find(({ id }) => id === value)?.text;
    return <TextField {...field} value={text} onChange={() => undefined} />;
  }
  return (
    <AriaSelect
      {...aria}
      placeholder={placeholder}
      {...(onChange === undefined ? { defaultValue: value ?? null } : { value: value ?? null, onChange: choose })}
    >
      <FieldLabel label={label} isRequired={isRequired} />
      <Button className="peek-button peek-select-button">
        <SelectValue />
        <Icon name="chevron-down" />
      </Button>
      <FieldHints description={description} error={error} />
      <Popover className="peek-popover" {...(container !== null && { UNSTABLE_portalContainer: container })}>
        <ListBox className="peek-list" items={options}>
          {({ id, text, icon, isDisabled }) => (
            <ListBoxItem id={id} textValue={text} className="peek-list-item" isDisabled={isDisabled === true}>
              {icon !== undefined && <Icon name={icon} />}
              <bdi>{text}</bdi>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
