package io.posthorn.io;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;

/** The address from which the system sends towards another one. */
public final class RouteSource {
  private RouteSource() {}

  /**
   * Asks the system's routes; nothing is sent.
   *
   * @return null if it names none
   * @throws IOException if there is no route, or no socket to ask with
   */
  public static @Nullable InetAddress towards(InetSocketAddress to) throws IOException {
    try (DatagramChannel channel = DatagramChannel.open()) {
      // To port 0, from which a stranger may have sent, nothing connects.
      channel.connect(to.getPort() != 0 ? to : new InetSocketAddress(to.getAddress(), 9));
      return channel.getLocalAddress() instanceof InetSocketAddress address
          ? address.getAddress()
          : null;
    } catch (UnsupportedAddressTypeException e) {
      throw new IOException("no sockets of the family of " + to, e);
    }
  }
}
