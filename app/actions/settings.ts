'use server';

import { can } from '#lib/auth/can.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import { Settings, type SettingsResponse } from '#lib/contracts/settings.ts';
import { runAction } from '#lib/http/action.ts';
import { saveSettings } from '#lib/services/settings.ts';

export async function saveSettingsAction(input: Settings): Promise<ActionResult<SettingsResponse>> {
  return runAction({ can: can.manageSettings, input: Settings }, input, saveSettings);
}
