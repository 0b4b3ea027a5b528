export { StringCapToggle } from "../../../../../../src/_private/contracts/StringCapToggle.ts";
