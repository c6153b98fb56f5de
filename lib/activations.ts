/**
 * The activations, by name, with the numbers that stand for them in native code
 * (native/kernels/types.h; a test compares the two).
 *
 * - linear: z
 * - sigmoid: 1 / (1 + exp(-z))
 * - relu: max(0, z)
 * - tanh: (exp(z) - exp(-z)) / (exp(z) + exp(-z))
 * - softmax: exp(z_i) / sum(exp(z_j)), over the units of a sample
 */
export const activationCodes = { linear: 0, sigmoid: 1, relu: 2, tanh: 3, softmax: 4 } as const;

export type ActivationName = keyof typeof activationCodes;

export const activationNames = Object.keys(activationCodes) as ActivationName[];
