declare module 'node-gyp-build' {
  /** Loads the addon that stands in or under `directory`. */
  export default function load(directory: string): unknown;
}
