package io.posthorn.protocol;

import java.net.InetSocketAddress;
import java.util.Arrays;

/**
 * The names under which one peer was asked for, all at one address: what its key has to be may
 * differ by name. Any thread may ask; one at a time may add.
 */
public final class PeerNames {
  private static final InetSocketAddress[] NONE = {};

  private volatile InetSocketAddress[] names = NONE;

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

  /** One name more. */
  public void add(InetSocketAddress name) {
    InetSocketAddress[] more = Arrays.copyOf(names, names.length + 1);
    more[more.length - 1] = name;
    names = more;
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
