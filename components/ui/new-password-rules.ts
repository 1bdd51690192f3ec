import type { Rule } from 'antd/es/form';

/** Length is the only rule; lib/contracts/user.ts decides. */
export const newPasswordRules: Rule[] = [
  { required: true, message: 'Type a password.' },
  { min: 12, message: 'Use at least 12 characters.' },
];
