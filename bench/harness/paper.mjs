// How much faster several machines train than one, on paper: nothing here is measured. docs/machines.md explains the rule.

/** Two machines, four and so on. */
export const machineCounts = [1, 2, 4, 8, 16];

/** Floating-point operations a second of a machine with eight cores, in float32. */
const machineRate = 800e9;
/** Floating-point operations for one row and parameter: forward, and twice as many backward. */
const work = 6;
const bytesPerParameter = 4;
/** Of what a network is said to carry, about an eighth is lost to headers and waits. */
const bytesPerGigabit = 1.1e8;

/**
 * The time of one machine, divided by that of several. Both grow with the number of parameters, which drops out.
 *
 * @param {{ machines: number, batchRows: number, gigabits: number }} given   the rate of the network between the machines
 */
export function speedUp({ machines, batchRows, gigabits }) {
  const computing = (work * batchRows) / machineRate;
  const share = (2 * (machines - 1)) / machines;
  const exchanging = (share * bytesPerParameter) / (gigabits * bytesPerGigabit);
  return computing / (computing / machines + exchanging);
}
