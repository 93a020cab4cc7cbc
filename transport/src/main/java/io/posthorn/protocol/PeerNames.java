package io.posthorn.protocol;

import java.net.InetSocketAddress;
import java.util.Arrays;

/**
 * The names under which one peer was asked for, each at the address that it had then: what its key
 * has to be may differ by name, host or port. Immutable.
 */
public final class PeerNames {
  /** Nobody was asked for. */
  public static final PeerNames NONE = new PeerNames(new InetSocketAddress[0]);

  private final InetSocketAddress[] names;

  private PeerNames(InetSocketAddress[] names) {
    this.names = names;
  }

  /** Whether this name is among them, be it another object of the same words. */
  @SuppressWarnings("ReferenceEquality") // mostly it is the same object, which has the name
  public boolean contains(InetSocketAddress name) {
    for (InetSocketAddress known : names) {
      if (known.getPort() == name.getPort() // it may have moved to another, which has another key
          && (known.getAddress() == name.getAddress()
              || known.getHostString().equalsIgnoreCase(name.getHostString()))) {
        return true;
      }
    }
    return false;
  }

  /** These and one more. */
  public PeerNames and(InetSocketAddress name) {
    InetSocketAddress[] more = Arrays.copyOf(names, names.length + 1);
    more[names.length] = name;
    return new PeerNames(more);
  }

  /** How many there are. */
  int size() {
    return names.length;
  }

  /** The name that was added at this turn, from 0 on. */
  InetSocketAddress get(int index) {
    return names[index];
  }
}
