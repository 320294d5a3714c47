/**
 * The file of a module that is run and not imported: a thread, a child process. It ends in `.ts` in a checkout and in `.js` in a package.
 *
 * @param from `import.meta.url` of whoever runs it
 * @param name path from there, without the ending, such as `./server`
 */
export function moduleFile(from: string, name: string): URL {
  return new URL(`${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from);
}
