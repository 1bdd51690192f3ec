/** Who may import whom (docs/architecture.md). A folder not listed for a ring is closed to it. */
const rings = {
  '^lib/core/': [],
  '^lib/contracts/': ['^lib/core/'],
  '^lib/client/': ['^lib/(core|contracts)/'],
  '^lib/runbook/': ['^lib/(core|contracts|client)/'],
  '^lib/platform/': ['^lib/core/'],
  '^lib/tools/': ['^lib/(core|platform)/'],
  '^lib/sources/': ['^lib/(core|contracts|platform|tools)/'],
  '^lib/pipeline/': ['^lib/(core|contracts|platform|tools)/'],
  '^lib/storage/': ['^lib/(core|platform)/'],
  '^lib/verify/': ['^lib/(core|contracts|platform|tools|sources|pipeline|storage)/'],
  '^lib/restore/': ['^lib/(core|contracts|platform|tools|sources|pipeline|storage|verify)/'],
  '^lib/jobs/': ['^lib/(core|contracts)/'],
  '^db/': ['^lib/(core|contracts|platform|jobs)/'],
  // storage: only to presign and to stream a download (docs/adr).
  '^lib/services/': ['^lib/(core|contracts|runbook|platform|jobs|storage)/', '^db/'],
  '^lib/engine/': [
    '^lib/(core|contracts|platform|tools|sources|pipeline|storage|verify|restore|jobs)/',
    '^db/',
  ],
  '^lib/auth/': ['^lib/(core|contracts|platform)/', '^db/'],
  '^lib/http/': ['^lib/(core|contracts|platform|jobs|auth)/', '^db/'],
  '^app/api/': ['^lib/(core|contracts|services|http|auth)/'],
  '^app/(?!api/)': ['^components/', '^lib/(core|contracts|client|auth|services|http)/'],
  '^(proxy|instrumentation)\\.ts$': ['^lib/(core|http)/'],
  '^components/': ['^lib/(core|contracts|client|runbook)/', '^app/actions/'],
  '^worker/': ['^lib/(core|contracts|platform|tools|jobs|engine|storage|verify)/', '^db/'],
  '^scripts/': [
    '^lib/(core|contracts|runbook|platform|tools|sources|jobs|engine|services|storage|verify|restore)/',
    '^db/',
  ],
};
const ours = '^(app|components|lib|db|worker|scripts|bench|tests)/';
module.exports = {
  forbidden: [
    ...Object.entries(rings).map(([from, may]) => ({
      name: `ring ${from}`,
      comment: `${from} may import only itself and ${may.join(', ') || 'nothing of ours'}: see docs/architecture.md`,
      severity: 'error',
      from: { path: from },
      to: { path: ours, pathNot: [from, ...may] },
    })),
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'the web never starts a process',
      severity: 'error',
      from: { path: '^((app|components)/|(proxy|instrumentation)\\.ts$)' },
      to: { path: '^(node:)?child_process$', reachable: true },
    },
    {
      name: 'processes start in lib/tools only',
      severity: 'error',
      from: {
        path: ours,
        pathNot: '^(lib/tools|tests|bench|scripts/(quickstart|test|programs|modules|dev/|check/))',
      },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'no sibling adapters',
      severity: 'error',
      from: { path: '^lib/(sources|storage)/([^/]+)/' },
      to: { path: '^lib/$1/[^/]+/', pathNot: '^lib/$1/$2/' },
    },
    {
      name: 'adapters: no way in but the registry',
      severity: 'error',
      from: { path: ours, pathNot: '^(lib/(sources|storage)/|tests/|bench/)' },
      to: { path: '^lib/(sources|storage)/[^/]+/' },
    },
    {
      name: 'nothing imports tests',
      severity: 'error',
      from: { pathNot: '^(tests|bench)/' },
      to: { path: '^tests/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.next|\\.cache|\\.holdfast)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json'],
    },
  },
};
