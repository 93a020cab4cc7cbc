package io.posthorn.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs of keys, as they are read. */
class ConnectionSecretsTest {
  @TempDir private Path folder = Path.of("");

  private static String words(CaptureException thrown) {
    return String.valueOf(thrown.getMessage());
  }

  /** Programs of several versions may write one log, and each its lines when it comes to that. */
  @Test
  void linesOfAKeyLogAreFoundInAnyOrderAndOthersPassedOver() throws IOException {
    String ids = "0102030405060708 f102030405060708";
    String field = " " + "ab".repeat(32);
    Path file = folder.resolve("keys");
    Files.write(
        file,
        List.of(
            "POSTHORN_SECRETS_2 " + ids + field,
            "POSTHORN_SECRETS_1 " + ids + field.repeat(2),
            "POSTHORN_SECRETS_1 0102030405060709 f102030405060708" + field.repeat(2),
            "POSTHORN_HANDSHAKE_10 more",
            "POSTHORN_HANDSHAKE_1 " + ids + field.repeat(4)));
    List<ConnectionSecrets> read = ConnectionSecrets.readAll(file);
    assertEquals(2, read.size());
    assertEquals(0x0102030405060708L, read.get(0).initiatorId());
    assertNotNull(read.get(0).handshake());
    assertNull(read.get(1).handshake(), "that is another connection");
    Files.write(file, List.of("POSTHORN_SECRETS_1 " + ids + field));
    assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file));
  }

  private static byte[] secret(int seed) {
    byte[] secret = new byte[32];
    Arrays.fill(secret, (byte) seed);
    return secret;
  }

  @Test
  void aKeyLogIsReadWhateverElseIsInIt() throws IOException {
    Path file = folder.resolve("secrets");
    String line =
        "POSTHORN_SECRETS_1 0000000000000001 ffffffffffffffff "
            + "01".repeat(32)
            + " "
            + "fe".repeat(32);
    Files.writeString(file, "# mine\nCLIENT_RANDOM 00 11\n\n" + line + "\n");
    List<ConnectionSecrets> all = ConnectionSecrets.readAll(file);
    assertEquals(1, all.size());
    assertEquals(1, all.get(0).initiatorId());
    assertEquals(-1, all.get(0).responderId());
    assertNull(all.get(0).handshake());
    String before =
        "POSTHORN_HANDSHAKE_1 0000000000000001 ffffffffffffffff"
            + (" " + "07".repeat(32)).repeat(4);
    Files.writeString(file, before + "\n" + line + "\n");
    HandshakeKeys keys = ConnectionSecrets.readAll(file).get(0).handshake();
    assertNotNull(keys);
    assertArrayEquals(secret(7), keys.thirdHash());
    Files.writeString(file, before + "0\n" + line + "\n");
    assertTrue(
        words(assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file)))
            .contains("line 1: not a whole line of handshake keys"));
    assertArrayEquals(secret(1), all.get(0).initiatorSecret());
    assertTrue(!all.toString().contains("0101"), "secrets do not reach toString");
    Files.writeString(file, "# mine\n" + line.substring(0, 80) + "\n");
    assertTrue(
        words(assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file)))
            .contains("line 2"));
    Files.writeString(file, "# nothing\n");
    assertThrows(CaptureException.class, () -> ConnectionSecrets.readAll(file));
  }
}
