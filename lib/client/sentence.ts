/** A message of the error table as people read it: a capital and a full stop. A name it begins with keeps its own letters. */
export function sentence(text: string): string {
  const [first = ''] = text.split(' ', 1);
  const upper = /^[a-z][a-z’',:-]*$/.test(first) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?…]$/.test(upper) ? upper : `${upper}.`;
}
