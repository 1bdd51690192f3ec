import pkg from '../../package.json' with { type: 'json' };

/** This Holdfast, as manifests, worker rows and `--version` name it. */
export const HOLDFAST_VERSION: string = pkg.version;
