/** Gradients of attention without the n × n matrix. */
package io.github.convbasis.training;
