/** Where the store reports what an operator should know; fields are numbers and short words, never data or secrets. */
export type StoreLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, string | number>>,
) => void;
