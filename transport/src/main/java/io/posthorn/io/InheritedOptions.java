package io.posthorn.io;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The options of a socket that the process inherited, as they were: the socket outlives the
 * process, and whoever reads from it next knows nothing of runs of datagrams or waits that end.
 */
final class InheritedOptions {
  /** What the port sets: level and name of each. */
  private static final int[][] OPTIONS = {
    {LinuxCalls.SOL_UDP, LinuxCalls.UDP_GRO},
    {LinuxCalls.SOL_SOCKET, LinuxCalls.SO_RCVTIMEO},
    {LinuxCalls.SOL_SOCKET, LinuxCalls.SO_REUSEPORT},
    {LinuxCalls.SOL_SOCKET, LinuxCalls.SO_RXQ_OVFL},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_MTU_DISCOVER},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_RECVTOS},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_PKTINFO},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_RECVERR},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_MTU_DISCOVER},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVTCLASS},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVPKTINFO},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVERR},
  };

  // Where each lies in the buffer: values, the longest of which is a struct timeval, and lengths.
  private static final int VALUE_BYTES = LinuxCalls.TIMEVAL_BYTES;
  private static final int LENGTHS = OPTIONS.length * VALUE_BYTES;
  private static final int BUFFER_BYTES = LENGTHS + OPTIONS.length * Integer.BYTES;

  private final LinuxCalls calls;
  private final int descriptor;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder());
  private final long at = LinuxCalls.addressOf(buffer);

  /** Notes them down. */
  InheritedOptions(LinuxCalls calls, int descriptor) {
    this.calls = calls;
    this.descriptor = descriptor;
    for (int i = 0; i < OPTIONS.length; i++) {
      int length = lengthAt(i);
      buffer.putInt(length, VALUE_BYTES);
      int level = OPTIONS[i][0];
      int option = OPTIONS[i][1];
      if (calls.getOption(descriptor, level, option, valueAt(i), at + length) != 0) {
        buffer.putInt(length, 0); // of the other family, or of a newer system
      }
    }
  }

  private long valueAt(int index) {
    return at + (long) index * VALUE_BYTES;
  }

  private static int lengthAt(int index) {
    return LENGTHS + index * Integer.BYTES;
  }

  /** Sets them again. */
  void restore() {
    try {
      for (int i = 0; i < OPTIONS.length; i++) {
        int length = buffer.getInt(lengthAt(i));
        if (length > 0) {
          int unused =
              calls.setOption(descriptor, OPTIONS[i][0], OPTIONS[i][1], valueAt(i), length);
        }
      }
    } finally {
      Reference.reachabilityFence(this); // whose buffer's address alone is passed
    }
  }
}
