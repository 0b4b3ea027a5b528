import type { WebCatalogue } from "@peek/web/protocol";
import { type ReactNode, useId } from "react";
import { useApp } from "../AppServices.ts";
import { refuseModule } from "../modules/refuseModule.ts";
import { PluginPart } from "../pluginPage/PluginPart.tsx";
import type { Settings } from "../settings/Settings.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";

const automatic = "";
const noParams = {};

/** The settings of the app on this device, and the parts that plugins add. */
export default function SettingsPage({ catalogue }: { readonly catalogue: WebCatalogue }): ReactNode {
  const { settings } = useApp();
  const texts = useTexts();
  const { theme, density, language, timeZone, hourCycle } = useStore(settings.state);
  const parts = catalogue.plugins.filter((plugin) => plugin.settings && refuseModule(plugin) === undefined);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div className="shell-page shell-settings">
      <h1>{texts.settings}</h1>
      <p className="shell-muted">{texts.settingsOfDevice}</p>
      <h2>{texts.appearance}</h2>
      <Choice
        label={texts.theme}
        value={theme}
        onChange={(theme) => settings.change({ theme })}
        options={[
          ["system", texts.themeSystem],
          ["light", texts.themeLight],
          ["dark", texts.themeDark],
          ["contrast", texts.themeContrast],
        ]}
      />
      <Choice
        label={texts.density}
        value={density}
        onChange={(density) => settings.change({ density })}
        options={[
          ["auto", texts.densityAuto],
          ["compact", texts.densityCompact],
          ["comfortable", texts.densityComfortable],
          ["touch", texts.densityTouch],
        ]}
      />
      <h2>{texts.languageAndTime}</h2>
      <Choice<NonNullable<Settings["language"]> | "">
        label={texts.language}
        value={language ?? automatic}
        onChange={(chosen) => settings.change({ language: chosen === automatic ? undefined : chosen })}
        options={[
          [automatic, texts.languageAuto],
          ["en", "English"],
          ["de", "Deutsch"],
        ]}
      />
      <Choice
        label={texts.timeZone}
        value={timeZone ?? automatic}
        onChange={(chosen) => settings.change({ timeZone: chosen === automatic ? undefined : chosen })}
        options={[
          [automatic, texts.timeZoneDevice(zone)],
          ...["UTC", ...Intl.supportedValuesOf("timeZone")].map((name) => [name, name] as const),
        ]}
      />
      <Choice
        label={texts.timeFormat}
        value={hourCycle}
        onChange={(hourCycle) => settings.change({ hourCycle })}
        options={[
          ["h23", texts.hours24],
          ["h12", texts.hours12],
        ]}
      />
      {parts.map((plugin) => (
        <section key={plugin.name}>
          <h2 dir="auto">{texts.settingsOf(plugin.title)}</h2>
          <PluginPart
            entry={plugin}
            site={catalogue.site}
            user={catalogue.user}
            params={noParams}
            select={(web) => web.settings}
            missing={texts.noComponent("settings")}
          />
        </section>
      ))}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  /** Value and text. */
  readonly options: readonly (readonly [Value, string])[];
}

function Choice<Value extends string>({ label, value, onChange, options }: ChoiceProps<Value>): ReactNode {
  const id = useId();
  return (
    <p className="shell-choice">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = options[currentTarget.selectedIndex];
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </p>
  );
}
