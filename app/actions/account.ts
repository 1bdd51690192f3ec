'use server';

import { can } from '#lib/auth/can.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import { ChangePasswordRequest } from '#lib/contracts/user.ts';
import { runAction } from '#lib/http/action.ts';
import { changePassword } from '#lib/services/users.ts';

/** Ends every session of this user, the present one too: send the browser to the sign-in page. */
export async function changePasswordAction(
  input: ChangePasswordRequest,
): Promise<ActionResult<{ readonly signedOut: true }>> {
  return runAction({ can: can.changeOwnPassword, input: ChangePasswordRequest }, input, changePassword);
}
