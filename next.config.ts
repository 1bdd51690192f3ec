import type { NextConfig } from 'next';

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  serverExternalPackages: ['pg-boss', 'pino', 'postgres'],
  // forbidden() answers a real 403.
  experimental: { authInterrupts: true },
  // npm run check looks at every type; a person who starts Holdfast must not wait for that, nor fail for a test's type.
  typescript: { ignoreBuildErrors: true },
  // A test server builds into its own folder, so that it never disturbs a running console.
  distDir: process.env['HOLDFAST_DIST_DIR'] ?? '.next',
};

export default config;
