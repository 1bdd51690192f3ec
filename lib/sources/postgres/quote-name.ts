/** `"name"`, whatever stands in it. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const quoteTable = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${quoteName(schema)}.${quoteName(name)}`;
