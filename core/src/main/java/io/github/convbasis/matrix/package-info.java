/** Views of rows and lower-triangular matrices. */
package io.github.convbasis.matrix;
