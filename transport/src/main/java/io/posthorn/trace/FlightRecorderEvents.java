package io.posthorn.trace;

import org.jspecify.annotations.Nullable;

/**
 * What the JDK's flight recorder shows of every socket, where the JDK has it (module {@code
 * jdk.jfr}): {@code io.posthorn.ConnectionOpened}, {@code ConnectionClosed}, {@code PacketLost},
 * {@code ProbeTimeout} and {@code CongestionState}, all on unless a recording's settings switch
 * them off. Nothing is made while nothing records.
 */
public final class FlightRecorderEvents {
  private FlightRecorderEvents() {}

  /** A listener that makes the events; null where there is no flight recorder. */
  public static @Nullable TraceListener listener() {
    // Asked for here and not by catching an error: a run image may well be without the module.
    return ModuleLayer.boot().findModule("jdk.jfr").isPresent() ? new FlightRecorder() : null;
  }
}
