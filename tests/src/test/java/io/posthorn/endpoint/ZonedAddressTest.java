package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * FAULTS 41: strangers choose their addresses, and so the hash codes of these. A map of the JDK
 * finds one of many keys of one hash code without a look at each if they have an order, which it
 * takes only of a class that is comparable to itself.
 */
class ZonedAddressTest {
  private static ZonedAddress of(byte[] bytes, int port) {
    try {
      return new ZonedAddress(new InetSocketAddress(InetAddress.getByAddress(bytes), port));
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** The JDK adds the four words of an address up, and the port. */
  private static List<ZonedAddress> ofOneHashCode() {
    List<ZonedAddress> all = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      byte[] six = new byte[16];
      six[0] = 0x20;
      six[10] = (byte) i;
      six[14] = (byte) (64 - i);
      all.add(of(six, 4000));
    }
    return all;
  }

  @Test
  void fault41_addressesOfOneHashCodeHaveAnOrder() {
    List<ZonedAddress> keys = ofOneHashCode();
    Set<Integer> hashes = new HashSet<>();
    keys.forEach(key -> hashes.add(key.hashCode()));
    assertEquals(1, hashes.size(), "or this proves nothing");
    List<ZonedAddress> ordered = new ArrayList<>(keys);
    Collections.sort(ordered);
    for (int i = 0; i < ordered.size(); i++) {
      for (int j = 0; j < ordered.size(); j++) {
        assertEquals(
            Integer.compare(i, j), Integer.signum(ordered.get(i).compareTo(ordered.get(j))));
      }
    }
  }

  @Test
  void whatIsEqualAndNothingElseHasTheSamePlace() {
    List<ZonedAddress> keys = new ArrayList<>(ofOneHashCode());
    keys.add(of(new byte[] {10, 0, 0, 1}, 4000));
    keys.add(of(new byte[] {10, 0, 0, 1}, 4001));
    keys.add(of(new byte[16], 4000));
    keys.add(of(new byte[4], 4000));
    keys.add(new ZonedAddress(HandPeer.onLink(1)));
    keys.add(new ZonedAddress(HandPeer.onLink(2)));
    for (ZonedAddress one : keys) {
      for (ZonedAddress other : keys) {
        assertEquals(one.equals(other), one.compareTo(other) == 0);
        ZonedAddress again = new ZonedAddress(other.address());
        assertEquals(one.compareTo(other), one.compareTo(again));
      }
    }
  }
}
