package io.posthorn.protocol;

import java.net.InetSocketAddress;
import java.util.Arrays;

/**
 * The names under which one peer was asked for, all at one address: what its key has to be may
 * differ by name. Immutable.
 */
public final class PeerNames {
  /** None yet. */
  public static final PeerNames NONE = new PeerNames(new InetSocketAddress[0]);

  private final InetSocketAddress[] names;

  private PeerNames(InetSocketAddress[] names) {
    this.names = names;
  }

  /** Whether this name was added, or another object of the same words. */
  @SuppressWarnings("ReferenceEquality") // mostly it is the same object, which has the name
  public boolean contains(InetSocketAddress name) {
    for (InetSocketAddress known : names) {
      if (known.getAddress() == name.getAddress()
          || known.getHostString().equalsIgnoreCase(name.getHostString())) {
        return true;
      }
    }
    return false;
  }

  /** These and one name more. */
  public PeerNames with(InetSocketAddress name) {
    InetSocketAddress[] more = Arrays.copyOf(names, names.length + 1);
    more[more.length - 1] = name;
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
