/**
 * Plans of attention as files and pictures.
 *
 * <p>Main types: {@link io.github.convbasis.inference.plan.PlanFile}, {@link
 * io.github.convbasis.inference.plan.TilePicture}.
 */
package io.github.convbasis.inference.plan;
