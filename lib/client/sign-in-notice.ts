const notices: Readonly<Record<string, string>> = {
  'password-changed': 'Your password was changed. Sign in with the new one.',
};

/** The words for `?notice=` of the sign-in page; an unknown one says nothing, so that a link cannot put words there. */
export const noticeOf = (name: string | null): string | null =>
  name !== null && Object.hasOwn(notices, name) ? (notices[name] ?? null) : null;
