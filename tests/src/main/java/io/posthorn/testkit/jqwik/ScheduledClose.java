package io.posthorn.testkit.jqwik;

/**
 * One end closes its connection to the other.
 *
 * @param atMillis when, since the start
 * @param forth whether the first of the two ends closes; else the second does
 * @param lingerMillis how long it may flush
 */
public record ScheduledClose(int atMillis, boolean forth, int lingerMillis) {}
