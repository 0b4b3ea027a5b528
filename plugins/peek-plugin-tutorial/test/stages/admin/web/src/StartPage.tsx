import { useFormat } from "@peek/web";
import { Button, Notice, Stack } from "@peek/web/ui";
import { type ReactNode, useState } from "react";
import { z } from "zod";

const Start = z.object({ startedAt: z.iso.datetime() });

/** Shows since when logic runs the plugin. */
export default function StartPage(): ReactNode {
  const format = useFormat();
  const [startedAt, setStartedAt] = useState<Date>();
  const load = async (): Promise<void> => {
    const answer = await fetch("/peek_plugin_tutorial/start");
    setStartedAt(new Date(Start.parse(await answer.json()).startedAt));
  };
  return (
    <Stack>
      {startedAt !== undefined && <Notice>The plugin has run since {format.dateTime(startedAt)}.</Notice>}
      <Button onPress={load}>Load</Button>
    </Stack>
  );
}
