package io.github.convbasis.backend;

/**
 * Scratch of one {@link Backend}, grown on demand and kept from call to call, so that a warm call
 * allocates next to nothing.
 *
 * <p>Contents never carry over from one call to the next. Mutable: one call at a time, whose own
 * tasks may share it.
 */
public interface Workspace {}
