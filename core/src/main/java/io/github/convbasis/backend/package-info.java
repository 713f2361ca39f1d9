/**
 * The seam between what is computed and how: coarse operations that a backend implements, and the
 * choice among the backends present.
 *
 * <p>Main types: {@link io.github.convbasis.backend.Backend} (the operations), {@link
 * io.github.convbasis.backend.Backends} (the choice), {@link io.github.convbasis.backend.Workspace}
 * (their scratch) and {@link io.github.convbasis.backend.Parallelism}. What a backend prepares is a
 * {@link io.github.convbasis.backend.ConvolutionPlan}, what it continues a {@link
 * io.github.convbasis.backend.SegmentPrefill}. The scalar backend in this module is the
 * specification that every other must agree with.
 */
package io.github.convbasis.backend;
