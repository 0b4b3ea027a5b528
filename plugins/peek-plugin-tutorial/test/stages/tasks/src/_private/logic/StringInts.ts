export { StringInts } from "../../../../../../src/_private/logic/StringInts.ts";
