const english = {
  close: "Close",
  loading: "Loading…",
  required: "required",
  enterValue: "Enter a value.",
  time: "Time",
  select: "Select…",
  asOf: "As of",
  fromDevice: "From this device: the service has not answered yet",
  loadingData: "Loading data…",
  invalid: "Check the marked fields.",
  noRows: "There are no rows.",
} as const;

/** The texts of the UI kit in one language. */
export type KitTexts = Readonly<Record<keyof typeof english, string>>;

const german: KitTexts = {
  close: "Schließen",
  loading: "Lädt…",
  required: "erforderlich",
  enterValue: "Geben Sie einen Wert ein.",
  time: "Zeit",
  select: "Auswählen…",
  asOf: "Stand",
  fromDevice: "Von diesem Gerät: Der Dienst hat noch nicht geantwortet",
  loadingData: "Daten werden geladen…",
  invalid: "Prüfen Sie die markierten Felder.",
  noRows: "Es gibt keine Zeilen.",
};

/** The texts of the UI kit. @param language `en`, `de`; another one gets English. */
export function kitTextsOf(language: string): KitTexts {
  return language === "de" ? german : english;
}
