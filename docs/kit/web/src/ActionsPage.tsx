import { useNotifications } from "@peek/web";
import { Button, Dialog, Icon, Menu, Notice, Stack, Tabs, Toolbar, Tooltip } from "@peek/web/ui";
import { type ReactNode, useState } from "react";
import { Example } from "./Example.tsx";

/** Buttons, and the components around them. */
export default function ActionsPage(): ReactNode {
  const notify = useNotifications();
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="examples">
      <Example name="Button">
        <Stack direction="row">
          <Button>Normal</Button>
          <Button kind="primary" icon="check">
            Primary
          </Button>
          <Button kind="quiet">Quiet</Button>
          <Button kind="danger" icon="trash-2">
            Danger
          </Button>
          <Button isDisabled>Disabled</Button>
          <Button isPending>Pending</Button>
          <Button icon="plus" label="Add" />
        </Stack>
      </Example>
      <Example name="Menu, Tooltip">
        <Stack direction="row">
          <Menu
            items={[
              { id: "edit", text: "Edit", icon: "pencil" },
              { id: "copy", text: "Copy", icon: "copy" },
              { id: "remove", text: "Remove", icon: "trash-2", isDisabled: true },
            ]}
            onAction={(id) => notify({ text: `You chose ${id}.` })}
          >
            More
          </Menu>
          <Tooltip text="Shows the history">
            <Button icon="history" label="History" />
          </Tooltip>
        </Stack>
      </Example>
      <Example name="Dialog">
        <Button onPress={() => setOpen(true)}>Open</Button>
        <Dialog
          title="Switch the pump off?"
          isOpen={isOpen}
          isAlert
          onClose={() => setOpen(false)}
          actions={
            <Button kind="danger" onPress={() => setOpen(false)}>
              Switch off
            </Button>
          }
        >
          The reservoir is at 41 %.
        </Dialog>
      </Example>
      <Example name="useNotifications">
        <Stack direction="row">
          <Button onPress={() => notify({ text: "The pump is on.", tone: "success" })}>Success</Button>
          <Button onPress={() => notify({ text: "The pump does not answer.", tone: "error" })}>Error</Button>
        </Stack>
      </Example>
      <Example name="Toolbar">
        <Toolbar label="Rows">
          <Button icon="plus">Add</Button>
          <Button icon="filter">Filter</Button>
          <Button icon="download">Export</Button>
        </Toolbar>
      </Example>
      <Example name="Icon">
        <Stack direction="row">
          {["gauge", "droplets", "zap", "map-pin", "wrench", "triangle-alert"].map((name) => (
            <Icon key={name} name={name} />
          ))}
        </Stack>
      </Example>
      <Example name="Tabs" isWide>
        <Tabs
          label="Pump"
          tabs={[
            { id: "state", title: "State", content: <p>The pump is on.</p> },
            { id: "history", title: "History", content: <p>It was off on Monday.</p> },
            { id: "settings", title: "Settings", content: null, isDisabled: true },
          ]}
        />
      </Example>
      <Example name="Notice" isWide>
        <Stack>
          <Notice tone="neutral">A new crew is on duty.</Notice>
          <Notice tone="info" title="Maintenance">
            The station is closed on Sunday.
          </Notice>
          <Notice tone="success">The row was added.</Notice>
          <Notice tone="warning">The level is low.</Notice>
          <Notice tone="alarm" title="Pump 1 has stopped" action={<Button>Acknowledge</Button>}>
            It draws no current.
          </Notice>
        </Stack>
      </Example>
    </div>
  );
}
