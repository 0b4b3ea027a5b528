export { StringIntTuple } from "../../../../../../src/_private/contracts/StringIntTuple.ts";
