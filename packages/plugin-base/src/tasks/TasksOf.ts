/**
 * The additional part of the platform object of a plugin with `storage` in its plugin_package.json: tasks are stored in the
 * database.
 *
 * @typeParam Tables The rows of each table, by its name; undefined for a plugin without storage, which has no such part.
 * @typeParam Tasks The type of the part.
 */
export type TasksOf<Tables extends object | undefined, Tasks> = Tables extends object
  ? { readonly tasks: Tasks }
  : unknown;
