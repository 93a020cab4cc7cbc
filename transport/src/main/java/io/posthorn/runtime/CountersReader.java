package io.posthorn.runtime;

import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.io.DatagramPort;

/** Makes a snapshot from counters that the driver's lock guards. */
@FunctionalInterface
public interface CountersReader<T> {
  /** Reads, and keeps no reference. */
  T read(EndpointCounters endpoint, DatagramPort port, long handlerFailures);
}
