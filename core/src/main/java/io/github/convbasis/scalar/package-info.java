/**
 * The scalar reference backend: double precision, short and obvious; the specification that faster
 * backends must agree with.
 *
 * <p>Main type: {@link io.github.convbasis.scalar.ScalarBackend}. Not exported; reached through
 * {@link io.github.convbasis.backend.Backends#scalar()}.
 */
package io.github.convbasis.scalar;
