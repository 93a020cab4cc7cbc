package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers of RFC 792, RFC 1812 §5.2.7.1 and RFC 4443 §3.1. */
class IcmpHintTest {
  private static final int TYPES_AND_CODES = 256;

  @ParameterizedTest
  @CsvSource({
    "0, NETWORK_UNREACHABLE",
    "1, HOST_UNREACHABLE",
    "2,",
    "3, PORT_UNREACHABLE",
    "4,",
    "5,",
    "6, NETWORK_UNREACHABLE",
    "7, HOST_UNREACHABLE",
    "8,",
    "9, PROHIBITED",
    "10, PROHIBITED",
    "11, NETWORK_UNREACHABLE",
    "12, HOST_UNREACHABLE",
    "13, PROHIBITED",
    "14,",
    "15,",
    "255,"
  })
  void codesOfDestinationUnreachableForIpv4(int code, @Nullable IcmpHint hint) {
    assertEquals(hint, IcmpHint.of(false, 3, code));
  }

  @ParameterizedTest
  @CsvSource({
    "0, NETWORK_UNREACHABLE",
    "1, PROHIBITED",
    "2,",
    "3, HOST_UNREACHABLE",
    "4, PORT_UNREACHABLE",
    "5, PROHIBITED",
    "6, PROHIBITED",
    "7,",
    "255,"
  })
  void codesOfDestinationUnreachableForIpv6(int code, @Nullable IcmpHint hint) {
    assertEquals(hint, IcmpHint.of(true, 1, code));
  }

  @Test
  void otherTypesSayNothing() {
    for (int type = 0; type < TYPES_AND_CODES; type++) {
      for (int code = 0; code < TYPES_AND_CODES; code++) {
        if (type != 3) {
          assertNull(IcmpHint.of(false, type, code));
        }
        if (type != 1) {
          assertNull(IcmpHint.of(true, type, code));
        }
      }
    }
  }
}
