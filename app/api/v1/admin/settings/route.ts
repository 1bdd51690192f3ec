import { can } from '#lib/auth/can.ts';
import { Settings, SettingsResponse } from '#lib/contracts/settings.ts';
import { route } from '#lib/http/route.ts';
import { getSettings, saveSettings } from '#lib/services/settings.ts';

export const GET = route({ can: can.manageSettings, output: SettingsResponse }, ({ backend }) =>
  getSettings(backend),
);

export const PUT = route(
  { can: can.manageSettings, body: Settings, output: SettingsResponse },
  ({ backend, actor }, { body }) => saveSettings(backend, actor, body),
);
