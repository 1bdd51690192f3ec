import type { NextConfig } from 'next';

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  serverExternalPackages: ['pg-boss', 'pino', 'postgres'],
  // forbidden() answers a real 403.
  experimental: { authInterrupts: true },
  // A test server builds into its own folder, so that it never disturbs a running console.
  distDir: process.env['HOLDFAST_DIST_DIR'] ?? '.next',
};

export default config;
