/** Benchmarks against peers: one class per operation, the peers as methods beside ours. */
package io.github.convbasis.bench;
