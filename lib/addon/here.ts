/** The folder of the file that runs: of this one, or of a bundle. An ES module has here-esm.mts instead. */
export const here = __dirname;
