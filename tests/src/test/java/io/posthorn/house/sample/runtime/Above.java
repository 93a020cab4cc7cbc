package io.posthorn.house.sample.runtime;

/** Stands above the wire, which may therefore not name it. */
public final class Above {}
