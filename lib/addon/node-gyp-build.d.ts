declare module 'node-gyp-build' {
  /** Loads the addon in or under `directory`. */
  function load(directory: string): unknown;
  namespace load {
    /** The file that `load` would load; throws if there is none. */
    function path(directory: string): string;
  }
  export = load;
}
