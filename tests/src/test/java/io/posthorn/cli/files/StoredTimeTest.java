package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times as file systems store them. */
class StoredTimeTest {
  @ParameterizedTest
  @CsvSource({
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:41.123456789Z, true",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:41.123456700Z, true",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:41.123456000Z, true",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:41.123455000Z, false",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:41.120Z, true",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:41.110Z, false",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:41Z, true",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:40Z, true",
    "2001-09-09T01:46:41.123456789Z, 2001-09-09T01:46:42Z, false",
    "2001-09-09T01:46:40.5Z, 2001-09-09T01:46:39Z, false",
    "2001-09-09T01:46:41Z, 2001-09-09T01:46:40Z, true",
    "1960-01-01T00:00:00Z, 1970-01-01T00:00:00Z, true",
  })
  void isTheSendersAsFarAsTheFileSystemKeepsIt(Instant sent, Instant stored, boolean same) {
    assertEquals(same, StoredTime.isOf(stored, sent.getEpochSecond(), sent.getNano()));
  }
}
