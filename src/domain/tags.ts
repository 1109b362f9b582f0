/** Keys among tags: `user:7` is the key of the name `user`. */

/** The key of that name among tags: `user:7`. */
export function keyOf(tags: readonly string[], name: string): string | undefined {
  return tags.find((tag) => tag.startsWith(`${name}:`) && tag.length > name.length + 1)
}
