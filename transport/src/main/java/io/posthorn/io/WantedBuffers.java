package io.posthorn.io;

/** How much kernel memory a port asks for, and what people are told if it gets less. */
public final class WantedBuffers {
  /** A burst of some milliseconds at 10 Gbit/s; the system grants what it is allowed to. */
  static final int BYTES = 4 << 20;

  private static final String SEPARATOR = "; ";

  private WantedBuffers() {}

  /** What people are to know of a port's buffers; "" if they are as large as was wanted. */
  public static String cut(DatagramPort port) {
    String cut = cut(port.grantedReceiveBufferBytes(), port.grantedSendBufferBytes());
    return cut.isEmpty() ? "" : cut.substring(SEPARATOR.length());
  }

  /** As above, as a part of a port's description. */
  static String cut(int receiveBytes, int sendBytes) {
    return cut("receive", receiveBytes, "net.core.rmem_max")
        + cut("send", sendBytes, "net.core.wmem_max");
  }

  private static String cut(String which, int grantedBytes, String ceiling) {
    if (grantedBytes >= BYTES) {
      return "";
    }
    String remedy =
        System.getProperty("os.name", "").equals("Linux")
            ? "sysctl -w " + ceiling + "=" + BYTES
            : "raise the system's limit of socket buffers to " + BYTES;
    return SEPARATOR
        + "the "
        + which
        + " buffer is cut to "
        + grantedBytes
        + " bytes by the kernel's ceiling, bursts beyond it are lost: "
        + remedy;
  }
}
