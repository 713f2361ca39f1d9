/**
 * NumPy files: a hardened reader and writer of {@code .npy} and {@code .npz}, memory-mapped
 * matrices, and files that appear whole or not at all.
 *
 * <p>Nothing in a file is believed before it is checked: every declared size is held against what
 * the file really has before memory is taken for it, and whatever is wrong is told in one line that
 * starts with the name of the file.
 */
package io.github.convbasis.inference.npy;
