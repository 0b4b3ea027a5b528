/** Something that can be chosen from a list. */
export interface Choice<Id extends string = string> {
  readonly id: Id;
  readonly text: string;
  /** The name of an icon of lucide.dev. */
  readonly icon?: string;
  /** Default: false. */
  readonly isDisabled?: boolean;
}
