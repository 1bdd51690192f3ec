import { theme as antd, type ThemeConfig } from 'antd';

export const SCHEMES = ['light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];
/** What the person chose; `system` follows the device. */
export type ThemeChoice = Scheme | 'system';

/** The person's choice; absent while they follow the system. */
export const THEME_COOKIE = 'hf-theme';
/** The system's scheme as this browser last saw it, so that the server can render it without a flash. */
export const SYSTEM_COOKIE = 'hf-system';

/** Page background, before any stylesheet of a component: globals.css holds the same two. */
const ground = { light: '#f7f8f9', dark: '#101418' } as const;

const fontFamily =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';
const fontFamilyCode = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace';

const shared: NonNullable<ThemeConfig['token']> = {
  fontFamily,
  fontFamilyCode,
  fontSize: 14,
  borderRadius: 6,
  controlHeight: 36,
  controlHeightSM: 28,
  wireframe: false,
};

const noShadow = 'none';
const components = (scheme: Scheme): NonNullable<ThemeConfig['components']> => ({
  Button: {
    primaryShadow: noShadow,
    defaultShadow: noShadow,
    dangerShadow: noShadow,
    ...(scheme === 'dark' ? { primaryColor: '#06131f', dangerColor: '#1c0604' } : {}),
  },
  Table: {
    headerBg: 'transparent',
    headerSplitColor: 'transparent',
    headerSortActiveBg: 'transparent',
    headerSortHoverBg: 'transparent',
    bodySortBg: 'transparent',
    cellPaddingBlock: 12,
    cellPaddingInline: 12,
  },
  Alert: { withDescriptionPadding: '12px 16px', withDescriptionIconSize: 18 },
  Collapse: { headerBg: 'transparent' },
  Descriptions: { itemPaddingBottom: 8 },
});

const light: ThemeConfig = {
  algorithm: antd.defaultAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#1f5f8b',
    colorInfo: '#1f5f8b',
    colorLink: '#1f5f8b',
    colorSuccess: '#1a7f4b',
    colorWarning: '#8f5a00',
    colorError: '#b3261e',
    colorTextBase: '#16202a',
    colorBgLayout: ground.light,
    colorBorder: '#c9d0d7',
    colorBorderSecondary: '#e2e6ea',
    colorTextSecondary: '#4d5a66',
    colorTextTertiary: '#5f6b77',
    colorTextQuaternary: '#66727e',
    colorTextPlaceholder: '#66727e',
    colorTextDescription: '#566370',
    colorTextDisabled: '#7d8894',
    colorSuccessBg: '#edf7f1',
    colorSuccessBorder: '#bcdcca',
    colorWarningBg: '#fcf5e6',
    colorWarningBorder: '#e6d3a6',
    colorErrorBg: '#fcf1f0',
    colorErrorBorder: '#eac3bf',
    colorInfoBg: '#eef4f9',
    colorInfoBorder: '#bfd5e5',
    boxShadow: '0 0 0 1px rgba(22, 32, 42, 0.06), 0 8px 24px rgba(22, 32, 42, 0.12)',
    boxShadowSecondary: '0 0 0 1px rgba(22, 32, 42, 0.06), 0 8px 24px rgba(22, 32, 42, 0.12)',
  },
};

const dark: ThemeConfig = {
  algorithm: antd.darkAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#7fbdec',
    colorInfo: '#7fbdec',
    colorLink: '#86c1ee',
    colorSuccess: '#5fd39a',
    colorWarning: '#f0b849',
    colorError: '#ff8a80',
    colorTextBase: '#ffffff',
    colorBgBase: '#12171c',
    colorBgLayout: ground.dark,
    colorBgContainer: '#171d23',
    colorBgElevated: '#1d242b',
    colorBorder: '#3a444e',
    colorBorderSecondary: '#28313a',
    colorText: '#e4e9ee',
    colorTextHeading: '#eef2f5',
    colorTextSecondary: '#aab5bf',
    colorTextTertiary: '#98a4af',
    colorTextQuaternary: '#8d99a4',
    colorTextPlaceholder: '#8d99a4',
    colorTextDescription: '#a0abb6',
    colorTextDisabled: '#7a8691',
  },
};

/** The quiet theme: one accent, status colours for status alone, borders instead of shadows. */
export function themeOf(scheme: Scheme, isMotionReduced: boolean): ThemeConfig {
  const base = scheme === 'dark' ? dark : light;
  return {
    ...base,
    // A key a scheme: with one for both, the rules of the other would stay in the page.
    cssVar: { key: `hf-${scheme}` },
    hashed: false,
    token: { ...base.token, motion: !isMotionReduced },
    components: components(scheme),
  };
}
export const themeClass = (scheme: Scheme): string => `hf-${scheme}`;
