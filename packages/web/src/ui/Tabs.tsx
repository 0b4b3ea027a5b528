import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components";

/** One of several views of which one is shown. */
export interface TabContent {
  readonly id: string;
  readonly title: string;
  readonly content: ReactNode;
  /** Default: false. */
  readonly isDisabled?: boolean;
}

/** The props of {@link Tabs}. */
export interface TabsProps {
  /** For screen readers. */
  readonly label: string;
  readonly tabs: readonly TabContent[];
  /** The id of the shown tab. Default: the first one, then the one that the user chooses. */
  readonly selected?: string;
  readonly onSelect?: (id: string) => void;
}

/** Several views, of which one is shown. */
export function Tabs({ label, tabs, selected, onSelect }: TabsProps): ReactNode {
  return (
    <AriaTabs
      className="peek-tabs"
      {...(selected !== undefined && { selectedKey: selected })}
      {...(onSelect !== undefined && { onSelectionChange: (key: string | number) => onSelect(String(key)) })}
    >
      <TabList aria-label={label} className="peek-tab-list">
        {tabs.map(({ id, title, isDisabled }) => (
          <Tab key={id} id={id} className="peek-tab" isDisabled={isDisabled === true}>
            {title}
          </Tab>
        ))}
      </TabList>
      {tabs.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="peek-tab-panel">
          {content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
