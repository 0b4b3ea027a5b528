export type { TutorialTables } from "../../../../../../src/_private/storage/TutorialTables.ts";
