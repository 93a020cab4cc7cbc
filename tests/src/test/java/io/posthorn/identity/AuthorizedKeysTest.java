package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The file of authorized keys. */
class AuthorizedKeysTest extends IdentityFolder {
  @Test
  void authorizedKeysAreAddedOnceFoundAndTakenOut() throws IOException {
    Path of = folder.resolve("authorized_keys");
    AuthorizedKeys keys = new AuthorizedKeys(of);
    assertThrows(IdentityFileException.class, keys::check);
    assertNotNull(keys.refusal(ONE.bytes()));
    assertTrue(keys.add(ONE, "ann\nat home"));
    assertFalse(keys.add(ONE, "again"));
    keys.check();
    assertNull(keys.refusal(ONE.bytes()));
    assertTrue(keys.refusal(TWO.bytes()).contains(TWO.fingerprint().toString()));
    assertEquals("ann at home", keys.entries().get(0).comment());
    write(of, Files.readString(of) + "# kept\n" + TWO.fingerprint() + " by telephone\n");
    assertNull(keys.refusal(TWO.bytes()));
    assertEquals(1, keys.remove(ONE.fingerprint()));
    assertNotNull(keys.refusal(ONE.bytes()));
    assertNull(keys.refusal(TWO.bytes()));
    assertTrue(Files.readString(of).startsWith("# kept\n"));
    write(of, "ssh-ed25519 AAAA\n");
    assertTrue(keys.refusal(TWO.bytes()).contains(of + " line 1"));
    assertThrows(IdentityFileException.class, keys::check);
    assertThrows(IdentityFileException.class, () -> keys.add(ONE, ""));
  }
}
