declare module 'node-gyp-build' {
  /** Loads the addon that stands in or under `directory`. */
  function load(directory: string): unknown;
  namespace load {
    /** The file that it would load; throws if there is none. */
    function path(directory: string): string;
  }
  export = load;
}
