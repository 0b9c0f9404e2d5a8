/** One word of a POSIX shell, and of a credential_process, which is split like one. */
export const word = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
