export { AddIntValue } from "../../../../../../src/_private/contracts/AddIntValue.ts";
