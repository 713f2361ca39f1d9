/**
 * Studies of attention at a tolerance that are not micro-benchmarks: tables of real heads, how
 * often certificates cover the true error, growth with the length. Main type: {@link
 * io.github.convbasis.bench.study.Study}.
 */
package io.github.convbasis.bench.study;
