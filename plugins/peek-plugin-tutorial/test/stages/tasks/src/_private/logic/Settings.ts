export { Settings } from "../../../../../../src/_private/logic/Settings.ts";
